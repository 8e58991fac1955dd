// The way from A to B. While somebody drags, films come coarse and at once; at rest, a whole one.

import { ask } from "../api.js";
import { attempt, byId, inBackground, make } from "../dom.js";
import { drawEnds } from "./map.js";
import { Screen, filmOf } from "./screens.js";
import { address, onPoints, onSpace, pointNamed, space } from "./space.js";
import { learnSpeed, sideFor } from "./speed.js";

const DRAG_MILLISECONDS = 40;
const REST_MILLISECONDS = 400;
const REST_AFTER_MILLISECONDS = 250;
const FINEST_SIDE = 192;
const MOST_SIDE = 256; // that the studio renders at once
const MOST_FRAMES = 32;
const MOST_FRAMES_OF_DRAG = 10; // a space of several keyframes makes an INR for each
const MEASURE = "from hand to picture";

let screen = null;
let [start, end, ratio] = [null, null, 0];
let newest = "end";
let [waiting, busy] = [null, false];
let [rest, fine] = [0, null];

// The place that plays, as the studio is asked for it.
export const place = () => ({ start, end, ratio });

export function startWalk() {
  screen = new Screen("film");
  onPoints(() => {
    for (const [id, chosen] of [["start", start], ["end", end]]) fillChoices(byId(id), space().points, chosen);
  });
  onSpace(() => {
    forget();
    newest = "end";
    const [first, second = first] = space().points;
    return inBackground(() => setEnds(first.id, second.id, 0));
  });
  byId("ratio").addEventListener("input", () => goTo(Number(byId("ratio").value)));
  for (const id of ["start", "end"]) {
    byId(id).addEventListener("change", () => attempt(() => setEnds(byId("start").value, byId("end").value)));
  }
}

// The clip that was picked takes the place of the end that was picked longer ago.
export function pick(id) {
  newest = newest === "end" ? "start" : "end";
  byId("map-said").textContent = `${pointNamed(id).name} is ${newest === "start" ? "A" : "B"} now.`;
  return attempt(() => (newest === "start" ? setEnds(id, end, 0) : setEnds(start, id, 1)));
}

export async function setEnds(nextStart, nextEnd, nextRatio = ratio) {
  [start, end] = [nextStart, nextEnd];
  byId("start").value = start;
  byId("end").value = end;
  const way = await ask("GET", address(`/path?${new URLSearchParams({ start, end })}`));
  if (start !== nextStart || end !== nextEnd) return; // others were picked meanwhile
  drawEnds({ start, end, way });
  goTo(nextRatio);
}

export function goTo(next) {
  const began = performance.now();
  byId("ratio").value = next;
  ratio = Number(byId("ratio").value);
  const percent = `${Math.round(100 * ratio)} %`;
  byId("ratio-text").textContent = percent;
  byId("ratio").setAttribute("aria-valuetext", `${percent} of the way to B`);
  byId("save-latent").href = `/api${address(`/latent?${query()}`)}`;
  drawEnds({ ratio });
  forget();
  waiting = began;
  inBackground(showLatest);
}

function forget() {
  waiting = null;
  fine?.abort();
  clearTimeout(rest);
}

// One film is asked for at a time; of the places passed meanwhile, the last one counts.
async function showLatest() {
  if (busy) return;
  busy = true;
  try {
    while (waiting !== null) {
      const began = waiting;
      waiting = null;
      const frames = Math.min(MOST_FRAMES_OF_DRAG, space().num_frames);
      await showFilm(sideFor(DRAG_MILLISECONDS, space(), frames, ownSide()), frames);
      performance.measure(MEASURE, { start: began, end: performance.now() });
    }
  } finally {
    busy = false;
  }
  rest = setTimeout(() => inBackground(showFine), REST_AFTER_MILLISECONDS);
}

async function showFine() {
  const frames = Math.min(MOST_FRAMES, space().num_frames);
  const { width, height } = screen.canvas;
  const side = Math.max(width, height, sideFor(REST_MILLISECONDS, space(), frames, FINEST_SIDE));
  fine = new AbortController();
  try {
    await showFilm(side, frames, fine.signal);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

async function showFilm(side, frames, signal) {
  const asked = performance.now();
  const blob = await ask("GET", address(`/film?${query({ side, frames })}`), { signal });
  const film = await filmOf(blob, frames);
  if (signal?.aborted) return;
  learnSpeed(film, performance.now() - asked);
  const before = screen.film;
  screen.show(film);
  before?.picture.close(); // films come fast, and the browser would keep them for long
}

const query = (more = {}) => new URLSearchParams({ ...place(), ...more });
const ownSide = () => Math.min(MOST_SIDE, Math.max(space().height, space().width));

function fillChoices(select, all, chosen) {
  select.replaceChildren(...all.map(({ id, name }) => make("option", { value: id, textContent: name })));
  if (all.some(({ id }) => id === chosen)) select.value = chosen;
}
