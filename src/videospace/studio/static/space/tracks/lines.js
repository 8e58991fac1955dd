// The tracks over the clip that plays: a curve for each path, and a dot where its thing is now.

import { ask } from "../../shared/api.js";
import { byId, inBackground, make, show } from "../../shared/dom.js";
import { gettext } from "../../shared/words.js";
import { onFrame, onPosition, query } from "../path.js";
import { address, onSpace, space } from "../space.js";

const SVG = "http://www.w3.org/2000/svg";
const NUM_COLORS = 8;
const newPaths = [];
let tracks = []; // the elements of each
let paths = []; // of each track, points at equal distances in time, as [height, width] in [-1, 1]
let held = null; // the track under the pointer, and where it is: { track, center, isReleased }
let [busy, again] = [false, false];
let moment = 0; // of the frame that is shown, from -1 to 1

export const momentShown = () => moment;
export const centerOf = (track) => pointAt(paths[track], moment);

// Calls a function when the paths of another position are shown.
export const onPaths = (act) => newPaths.push(act);

// Calls `makeDot(track)` for each track of a space.
export function startLines(makeDot) {
  onSpace(() => {
    [paths, held] = [[], null];
    tracks = Array.from({ length: space().num_tracks }, (_, track) => newTrack(track, makeDot));
    byId("track-lines").replaceChildren(...tracks.flatMap(({ lines }) => lines));
    byId("tracks").replaceChildren(byId("track-lines"), ...tracks.map(({ dot }) => dot));
    show(byId("track-tools"), tracks.length > 0);
    showLayer();
    layout();
  });
  onPosition(update);
  onFrame((frame, numFrames) => {
    moment = momentOf(frame, numFrames);
    placeDots();
  });
  byId("show-tracks").addEventListener("change", () => {
    showLayer();
    update();
  });
  new ResizeObserver(layout).observe(byId("player"));
}

// Puts the dot of a track where the pointer has it, until it is released.
export function holdDot(next) {
  held = next;
  placeDots();
}

// A released dot stays there until the path of its thing arrives.
export function releaseDot() {
  if (busy && held) held.isReleased = true;
  else holdDot(null);
}

function newTrack(track, makeDot) {
  const color = `color-${track % NUM_COLORS}`;
  const lines = ["halo", color].map((className) => {
    const line = document.createElementNS(SVG, "polyline");
    line.setAttribute("class", className);
    return line;
  });
  const dot = make("button", { type: "button", className: `dot ${color}`, hidden: true });
  dot.setAttribute("aria-label", gettext("Track {number}: drag it, or move it with the arrow keys. Escape puts it back.", { number: track + 1 }));
  makeDot(track, dot);
  return { lines, dot };
}

const isShown = () => tracks.length > 0 && byId("show-tracks").checked;
const showLayer = () => show(byId("tracks"), isShown());

// Asks for the paths at the newest position, one request at a time.
function update() {
  if (!isShown()) return;
  again = busy;
  if (!busy) inBackground(askForPaths);
}

async function askForPaths() {
  busy = true;
  try {
    do {
      again = false;
      const { id } = space();
      const found = await ask("GET", address(`/tracks?${query()}`));
      if (space().id === id) draw(found);
    } while (again && isShown());
  } finally {
    busy = false;
    if (held?.isReleased) holdDot(null);
  }
}

function draw(found) {
  paths = found;
  tracks.forEach(({ lines }, track) => {
    const points = paths[track].map(([height, width]) => `${width},${height}`).join(" ");
    lines.forEach((line) => line.setAttribute("points", points));
  });
  placeDots();
  newPaths.forEach((act) => act());
}

// A dot whose thing is outside the frame stands at the edge.
function placeDots() {
  if (!paths.length) return;
  const percent = (coordinate) => `${50 + 50 * Math.min(1, Math.max(-1, coordinate))}%`;
  tracks.forEach(({ dot }, track) => {
    const [height, width] = held?.track === track ? held.center : centerOf(track);
    Object.assign(dot.style, { top: percent(height), left: percent(width) });
    show(dot);
  });
}

// Lays the tracks over the picture in the canvas, which leaves some of the canvas free.
function layout() {
  if (!space()) return;
  const { clientWidth, clientHeight, clientLeft, clientTop, offsetLeft, offsetTop } = byId("player");
  const scale = Math.min(clientWidth / space().width, clientHeight / space().height);
  const [width, height] = [scale * space().width, scale * space().height];
  Object.assign(byId("tracks").style, {
    width: `${width}px`,
    height: `${height}px`,
    left: `${offsetLeft + clientLeft + (clientWidth - width) / 2}px`,
    top: `${offsetTop + clientTop + (clientHeight - height) / 2}px`,
  });
}

function momentOf(frame, numFrames) {
  if (space().frames_at === "centers" || numFrames === 1) return (2 * frame + 1) / numFrames - 1;
  return (2 * frame) / (numFrames - 1) - 1;
}

function pointAt(path, time) {
  const position = ((time + 1) / 2) * (path.length - 1);
  const index = Math.min(Math.floor(position), path.length - 2);
  const fraction = position - index;
  return [0, 1].map((axis) => (1 - fraction) * path[index][axis] + fraction * path[index + 1][axis]);
}
