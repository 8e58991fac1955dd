// The record button. Hold it with a finger, the mouse or the space bar; or press it once to start and
// again to stop, as with a switch.

import { isReady, record } from "../camera/camera.js";
import { attempt, byId, pause } from "../../shared/dom.js";

const HOLD_MILLISECONDS = 400;
const LONGEST_MILLISECONDS = 6000;
const REST_MILLISECONDS = 200;

let running = null;

export const isButtonRecording = () => running !== null;

export function startRecordButton(isOnTalk, use) {
  const button = byId("record");
  const begin = () => attempt(() => beginWith(use));
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press(begin);
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", release);
  const isRecordKey = (event) => event.key === " " || (event.key === "Enter" && event.target === button);
  document.addEventListener("keydown", (event) => {
    if (!isRecordKey(event) || !isOnTalk() || isElsewhere(event.target)) return;
    event.preventDefault();
    if (!event.repeat) press(begin);
  });
  document.addEventListener("keyup", (event) => {
    if (!isRecordKey(event) || !isOnTalk() || isElsewhere(event.target)) return;
    event.preventDefault();
    release();
  });
  // Assistive technology sends a click without a press.
  button.addEventListener("click", (event) => {
    if (event.detail === 0 && event.pointerType === "") press(begin);
  });
}

// Other buttons and text fields keep their own use of the space bar.
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
  byId("record-label").textContent = "Recording … let go at the end of the word";
  await Promise.race([ended, pause(LONGEST_MILLISECONDS)]);
  running = null;
  byId("record-label").textContent = "Hold to record";
  byId("record").disabled = true;
  try {
    await pause(REST_MILLISECONDS); // until the lips rest
    await use(await stop());
  } finally {
    byId("record").disabled = false;
  }
}
