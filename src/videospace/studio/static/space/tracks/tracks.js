// Moves tracks of the clip that plays, with the pointer and with the keyboard.

import { percent } from "../../shared/amounts.js";
import { byId, onClick } from "../../shared/dom.js";
import { gettext } from "../../shared/words.js";
import { onEnds, position, refresh } from "../path.js";
import { hold } from "../players.js";
import { onSpace, space } from "../space.js";
import { centerOf, holdDot, momentShown, onPaths, releaseDot, startLines } from "./lines.js";
import { forgetMoves, moveOf, moveTexts, setMove } from "./moves.js";

const BEND_REACH = 0.5; // a quarter of the clip to each side
const STEP = 0.04; // of a key: 2 % of the frame
const DIRECTIONS = { ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0], ArrowLeft: [0, -STEP], ArrowRight: [0, STEP] };
let drag = null; // of the pointer
let steps = null; // of the keyboard, until the dot loses the focus
let ends = ""; // A and B that the moves are of
let spoken = null; // the track to tell about when its path arrives

export function startTracks() {
  startLines(makeMovable);
  onSpace(() => reset(forgetMoves));
  onEnds(() => {
    const { start, end } = position();
    if (ends !== `${start}\n${end}`) reset(forgetMoves);
    ends = `${start}\n${end}`;
  });
  onClick("reset-tracks", () => {
    byId("show-tracks").focus(); // the button is disabled now
    reset(forgetMoves);
    refresh();
  });
  onPaths(() => {
    if (spoken === null) return;
    const [down, right] = centerOf(spoken).map((coordinate) => percent((coordinate + 1) / 2));
    byId("track-status").textContent = gettext("Track {number}: {down} from the top, {right} from the left.", { number: spoken + 1, down, right });
    spoken = null;
  });
}

function makeMovable(track, dot) {
  dot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || drag) return;
    dot.setPointerCapture(event.pointerId);
    const move = newMove(track);
    drag = { move, from: [event.clientY, event.clientX], before: [move.down, move.right], center: centerOf(track) };
    hold(true);
  });
  dot.addEventListener("pointermove", (event) => drag?.move.track === track && dragTo([event.clientY, event.clientX]));
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
    dot.addEventListener(end, () => drag?.move.track === track && rest());
  }
  dot.addEventListener("keydown", (event) => press(track, event));
  dot.addEventListener("blur", rest);
}

function dragTo(at) {
  const { width, height } = byId("tracks").getBoundingClientRect();
  const by = [(2 * (at[0] - drag.from[0])) / height, (2 * (at[1] - drag.from[1])) / width];
  const { move, before, center } = drag;
  setMove(move, before[0] + by[0], before[1] + by[1]);
  holdDot({ track: move.track, center: [center[0] + by[0], center[1] + by[1]] });
  changed();
}

function press(track, event) {
  if (event.key === "Escape") {
    reset(() => forgetMoves(track));
    spoken = track;
    refresh();
    return;
  }
  const direction = DIRECTIONS[event.key];
  if (!direction || drag) return;
  event.preventDefault();
  steps ??= newMove(track);
  hold(true); // the clip waits, so that all steps are at one moment
  setMove(steps, steps.down + direction[0], steps.right + direction[1]);
  spoken = track;
  changed();
}

const newMove = (track) => moveOf(track, byId("bend-tracks").checked ? { time: momentShown(), reach: BEND_REACH } : null);

function changed() {
  byId("reset-tracks").disabled = moveTexts().length === 0;
  refresh();
}

function reset(forget) {
  forget();
  rest();
  byId("reset-tracks").disabled = moveTexts().length === 0;
}

function rest() {
  [drag, steps] = [null, null];
  releaseDot();
  hold(false);
}
