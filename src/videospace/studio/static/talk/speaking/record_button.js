// The record button. Hold it with a finger, the mouse or the space bar; or press it once to start and
// again to stop, as with a switch.

import { isReady, record } from "../camera/camera.js";
import { Upload } from "../camera/recordings.js";
import { watchForRest } from "../hands_free/rest.js";
import { attempt, byId } from "../../shared/dom.js";
import { isHold } from "./choices.js";
import { gettext } from "../../shared/words.js";

const LONGEST_MILLISECONDS = 6000;
const LABELS = {
  idle: gettext("Hold to record"),
  held: gettext("Recording … let go at the end of the word"),
  pressed: gettext("Recording … press again at the end of the word"),
};

let running = null; // { started, end }
let begin = () => {};

export const isButtonRecording = () => running !== null;

// `isWaiting` says whether an answer waits for a choice, `onBegin` is called before a recording and
// `use` with it.
export function startRecordButton({ isOnTalk, isWaiting, onBegin, use }) {
  const button = byId("record");
  begin = () => isOnTalk() && attempt(() => recordWord(onBegin, use));
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    pressRecord();
  });
  button.addEventListener("pointerup", releaseRecord);
  button.addEventListener("pointercancel", releaseRecord);
  // Enter chooses a word while an answer waits, so it does not record then.
  const isRecordKey = (event) => event.key === " " || (event.key === "Enter" && event.target === button && (running || !isWaiting()));
  for (const [name, act] of [["keydown", pressRecord], ["keyup", releaseRecord]]) {
    document.addEventListener(name, (event) => {
      const isOwn = event.target === button && (event.key === " " || event.key === "Enter");
      if (isOwn) event.preventDefault(); // no click by the browser
      if (!isRecordKey(event) || !isOnTalk() || isElsewhere(event.target)) return;
      event.preventDefault();
      if (!event.repeat) act();
    });
  }
  // Assistive technology sends a click without a press.
  button.addEventListener("click", (event) => {
    if (event.detail === 0 && event.pointerType === "") {
      pressRecord();
      releaseRecord();
    }
  });
}

// Text fields and other buttons keep their own use of the space bar, but not the words to choose.
const isElsewhere = (target) => target !== byId("record") && target.closest("input, textarea, select, summary, a, dialog, button:not(.choice)");

export function pressRecord() {
  if (running) running.end();
  else begin();
}

export function releaseRecord() {
  if (!running) return;
  if (isHold(performance.now() - running.started)) running.end();
  else label("pressed");
}

async function recordWord(onBegin, use) {
  if (!isReady()) return;
  onBegin();
  const upload = new Upload();
  const stop = record(upload.add);
  upload.start();
  const rest = watchForRest();
  let finish;
  const ended = new Promise((resolve) => { finish = resolve; });
  running = { started: performance.now(), end: finish };
  const limit = setTimeout(finish, LONGEST_MILLISECONDS);
  label("held");
  await ended;
  clearTimeout(limit);
  running = null;
  label("idle");
  byId("record").disabled = true;
  try {
    await rest();
    await use(await stop(), { upload });
  } finally {
    byId("record").disabled = false;
  }
}

function label(name) {
  byId("record-label").textContent = LABELS[name];
}
