// Hands-free talking: the motion of the lips starts and ends a recording.

import { isReady, markRecording, startRecorder } from "../camera/camera.js";
import { CONTEXT_FACTOR, SIDE } from "./mouth_changes.js";
import { attempt, byId, rememberedToggle } from "../../shared/dom.js";
import { mouthPosition } from "../camera/camera_hints.js";
import { isButtonRecording } from "../speaking/record_button.js";
import { LipMotion } from "./lip_motion.js";
import { RollingRecorder } from "./rolling_recorder.js";

const KEY = "studio.auto";
const POLL_MILLISECONDS = 60;
const TEXTS = {
  off: "",
  away: "Waiting until your mouth is visible.",
  paused: "Paused.",
  soon: "Keep your lips still for a moment.",
  rest: "Watching your lips.",
  recording: "Recording until your lips rest.",
  tooLong: "That was too long for one word.",
};

const canvas = document.createElement("canvas");
Object.assign(canvas, { width: SIDE, height: SIDE });
const brush = canvas.getContext("2d", { willReadFrequently: true });
brush.imageSmoothingQuality = "medium"; // averages all px instead of picking a few
const motion = new LipMotion();
const rolling = new RollingRecorder(startRecorder);
let unmark = null; // not null while a movement is recorded
let lastPosition = null;
let lastFrame = 0;

// `isFree` says whether the page is ready for a word; `use` receives the video of one.
export function startHandsFree(isFree, use) {
  let timer = 0;
  document.addEventListener("camera", cancel);
  rememberedToggle("hands-free", KEY, (on) => {
    clearInterval(timer);
    timer = on ? setInterval(checkLips, POLL_MILLISECONDS) : 0;
    cancel();
    showState(on ? "away" : "off");
  });

  function checkLips() {
    const reason = reasonToWait(isFree);
    if (reason) {
      cancel();
      return showState(reason);
    }
    const picture = newPicture();
    return picture && follow(picture, performance.now() / 1000, use);
  }
}

function reasonToWait(isFree) {
  if (!isReady() || document.hidden || mouthPosition() === null) return "away";
  const isTyping = document.activeElement?.closest("input, textarea, select, dialog");
  return isButtonRecording() || isTyping || !isFree() ? "paused" : null;
}

function follow(picture, seconds, use) {
  const state = motion.step(picture, seconds);
  if (state === "rest" && unmark) cancel(); // the camera paused for too long
  if (state === "rest") {
    rolling.update(seconds);
    if (byId("hands-free-state").textContent !== TEXTS.tooLong) showState(rolling.hasLookBack(seconds) ? "rest" : "soon");
  } else if (state === "begin" && rolling.hasLookBack(seconds)) {
    rolling.keepOldest();
    unmark = markRecording();
    showState("recording");
  } else if (state === "end" && !unmark) {
    cancel(); // the start of this movement was not recorded
  } else if (state === "end") {
    const video = rolling.finish();
    cancel();
    attempt(async () => use(await video));
  } else if (state === "tooLong") {
    cancel();
    showState("tooLong");
  }
}

function cancel() {
  rolling.discard();
  motion.forgetPicture();
  unmark?.();
  unmark = null;
}

function showState(name) {
  if (byId("hands-free-state").textContent !== TEXTS[name]) byId("hands-free-state").textContent = TEXTS[name];
}

// The mouth and its surroundings in gray levels; null if the camera has no new picture.
function newPicture() {
  const video = byId("preview");
  const frame = video.getVideoPlaybackQuality().totalVideoFrames;
  if (frame === lastFrame) return null;
  lastFrame = frame;
  const position = mouthPosition();
  if (position.x !== lastPosition?.x || position.y !== lastPosition?.y || position.side !== lastPosition?.side) motion.forgetPicture();
  lastPosition = position;
  const side = CONTEXT_FACTOR * position.side;
  brush.drawImage(video, position.x - side / 2, position.y - side / 2, side, side, 0, 0, SIDE, SIDE);
  const pixels = brush.getImageData(0, 0, SIDE, SIDE).data;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => 0.3 * pixels[4 * at] + 0.59 * pixels[4 * at + 1] + 0.11 * pixels[4 * at + 2]);
}
