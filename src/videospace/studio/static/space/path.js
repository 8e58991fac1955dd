// The path from A to B, and the clip at the position on it. While the user drags, small strips are
// shown at once. When the user pauses, a finer one follows, and then one of the size of the page.

import { ask, fileAddress } from "../shared/api.js";
import { attempt, byId, inBackground, make } from "../shared/dom.js";
import { farApart } from "./geometry.js";
import { drawEnds } from "./map/map.js";
import { mapShown } from "./map/projection.js";
import { Player, stripOf } from "./players.js";
import { address, onItems, onSpace, itemNamed, space } from "./space.js";
import { forgetSpeed, learnSpeed, sideFor } from "./render_speed.js";
import { percent } from "../shared/amounts.js";
import { moveTexts } from "./tracks/moves.js";
import { gettext } from "../shared/words.js";

const DRAG_MILLISECONDS = 40;
const REST_MILLISECONDS = 400;
const REST_AFTER_MILLISECONDS = 250;
const MAX_SIDE = 768; // the studio's limit for a strip of 32 frames
const MAX_FRAMES = 32;
const MAX_DRAG_FRAMES = 10; // a space with several keyframes makes an INR for each
const MEASURE = "from drag to picture";

const endsChanged = [];
const moved = [];
const framesDrawn = [];
let player = null;
let [start, end, ratio] = [null, null, 0];
let newest = "end";
let [waiting, busy] = [null, false];
let [rest, resting] = [0, null];

// The position that plays, as sent to the studio.
export const position = () => ({ start, end, ratio, moves: moveTexts() });

// Calls a function when A or B is another item.
export const onEnds = (act) => endsChanged.push(act);

// Calls a function when another position is asked for, before its clip is here.
export const onPosition = (act) => moved.push(act);

// Calls `act(frame, numFrames)` for each frame of the clip that is drawn.
export const onFrame = (act) => framesDrawn.push(act);

export function startPath() {
  player = new Player(byId("player"), (...drawn) => framesDrawn.forEach((act) => act(...drawn)));
  onItems(() => {
    for (const [id, chosen] of [["start", start], ["end", end]]) fillChoices(byId(id), space().items, chosen);
  });
  onSpace(() => {
    cancelStrips();
    forgetSpeed();
    newest = "end";
    const [first, second] = farApart(space().items);
    return inBackground(() => setEnds(first.id, second.id, 0));
  });
  byId("ratio").addEventListener("input", () => goTo(Number(byId("ratio").value)));
  for (const id of ["start", "end"]) {
    byId(id).addEventListener("change", () => attempt(() => setEnds(byId("start").value, byId("end").value)));
  }
}

// The picked item replaces the end that was picked longer ago.
export function pick(id) {
  newest = newest === "end" ? "start" : "end";
  byId("map-status").textContent = gettext("{clip} is {end} now.", { clip: itemNamed(id).name, end: newest === "start" ? "A" : "B" });
  return attempt(() => (newest === "start" ? setEnds(id, end, 0) : setEnds(start, id, 1)));
}

export async function setEnds(nextStart, nextEnd, nextRatio = ratio) {
  [start, end] = [nextStart, nextEnd];
  byId("start").value = start;
  byId("end").value = end;
  const path = await ask("GET", address(`/path?${new URLSearchParams({ start, end, on: mapShown() })}`));
  if (start !== nextStart || end !== nextEnd) return; // other ends were picked meanwhile
  drawEnds({ start, end, path });
  endsChanged.forEach((act) => act());
  goTo(nextRatio);
}

export function goTo(next) {
  const began = performance.now();
  byId("ratio").value = next;
  ratio = Number(byId("ratio").value);
  byId("ratio-text").textContent = percent(ratio);
  byId("ratio").setAttribute("aria-valuetext", gettext("{share} of the way to B", { share: percent(ratio) }));
  byId("save-latent").href = fileAddress(address(`/latent?${query()}`));
  drawEnds({ ratio });
  cancelStrips();
  player.canvas.dataset.quality = "rough";
  waiting = began;
  moved.forEach((act) => act());
  inBackground(showLatest);
}

// Shows the clip anew, after its tracks have moved.
export const refresh = () => goTo(ratio);

function cancelStrips() {
  waiting = null;
  resting?.abort();
  clearTimeout(rest);
}

// Requests one strip at a time, always for the newest position.
async function showLatest() {
  if (busy) return;
  busy = true;
  try {
    while (waiting !== null) {
      const began = waiting;
      waiting = null;
      const frames = Math.min(MAX_DRAG_FRAMES, space().num_frames);
      await showStrip(sideFor(DRAG_MILLISECONDS, space(), frames, ownSide()), frames);
      performance.measure(MEASURE, { start: began, end: performance.now() });
    }
  } finally {
    busy = false;
  }
  rest = setTimeout(() => inBackground(showFine), REST_AFTER_MILLISECONDS);
}

async function showFine() {
  const frames = Math.min(MAX_FRAMES, space().num_frames);
  const whole = pageSide();
  const { width, height } = player.canvas;
  const fine = Math.min(whole, Math.max(width, height, sideFor(REST_MILLISECONDS, space(), frames, whole)));
  const { signal } = (resting = new AbortController());
  try {
    for (const side of new Set([fine, whole])) await showStrip(side, frames, signal);
    if (!signal.aborted) player.canvas.dataset.quality = "fine";
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

// The longer side of the clip on the screen, in the screen's own pixels.
function pageSide() {
  const box = player.canvas.getBoundingClientRect();
  const { width, height } = space();
  const scale = Math.min(box.width / width, box.height / height) * devicePixelRatio;
  return Math.min(MAX_SIDE, Math.max(ownSide(), Math.round(scale * Math.max(width, height))));
}

async function showStrip(side, frames, signal) {
  const asked = performance.now();
  const blob = await ask("GET", address(`/strip?${query({ side, frames })}`), { signal });
  const strip = await stripOf(blob, frames);
  if (signal?.aborted) return;
  learnSpeed(strip.picture.width * strip.picture.height, performance.now() - asked);
  const before = player.strip;
  player.show(strip);
  before?.picture.close(); // otherwise the browser keeps many of them in memory
}

export function query(more = {}) {
  const { moves, ...rest } = position();
  const fields = Object.entries({ ...rest, ...more });
  return new URLSearchParams([...fields, ...moves.map((move) => ["moves", move])]);
}

const ownSide = () => Math.min(MAX_SIDE, Math.max(space().height, space().width));

function fillChoices(select, all, chosen) {
  select.replaceChildren(...all.map(({ id, name }) => make("option", { value: id, textContent: name, title: id })));
  if (all.some(({ id }) => id === chosen)) select.value = chosen;
}
