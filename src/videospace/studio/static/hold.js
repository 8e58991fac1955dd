// The record button: held with a finger, a mouse or the space bar, or pressed once to begin and
// once more to end, as a switch does.

import { isReady, record } from "./camera.js";
import { attempt, byId, pause } from "./dom.js";

const HOLD_MILLISECONDS = 400;
const LONGEST_MILLISECONDS = 6000;
const REST_MILLISECONDS = 200;

let running = null;

export const isHeld = () => running !== null;

export function startHold(isOnTalk, use) {
  const button = byId("record");
  const begin = () => attempt(() => beginWith(use));
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(begin);
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  const holds = (event) => event.key === " " || (event.key === "Enter" && event.target === button);
  document.addEventListener("keydown", (event) => {
    if (!holds(event) || !isOnTalk() || isElsewhere(event.target)) return;
    event.preventDefault();
    if (!event.repeat) press(begin);
  });
  document.addEventListener("keyup", (event) => {
    if (!holds(event) || !isOnTalk() || isElsewhere(event.target)) return;
    event.preventDefault();
    release();
  });
  // Assistive technology clicks without pressing.
  button.addEventListener("click", (event) => {
    if (event.detail === 0 && event.pointerType === "") press(begin);
  });
}

// The space bar belongs to a field that is typed in, and to another button that has the focus.
function isElsewhere(target) {
  return target !== byId("record") && target.closest("input, textarea, select, button, a, dialog");
}

function press(begin) {
  if (running) running.end();
  else begin();
}

function release() {
  if (running && performance.now() - running.started > HOLD_MILLISECONDS) running.end();
}

async function beginWith(use) {
  if (!isReady()) return;
  const stop = record();
  let finish;
  const ended = new Promise((resolve) => { finish = resolve; });
  running = { started: performance.now(), end: finish };
  byId("record-label").textContent = "Recording … let go when it is said";
  await Promise.race([ended, pause(LONGEST_MILLISECONDS)]);
  running = null;
  byId("record-label").textContent = "Hold to record";
  byId("record").disabled = true;
  try {
    await pause(REST_MILLISECONDS); // the lips come to rest
    await use(await stop());
  } finally {
    byId("record").disabled = false;
  }
}
