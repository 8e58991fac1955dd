// Talking without hands: a recording begins and ends by the motion of the lips.

import { isReady, markRecording, startRecorder } from "./camera.js";
import { AROUND, SIDE } from "./comparing.js";
import { attempt, byId, remembered } from "./dom.js";
import { mouthPlace } from "./hints.js";
import { isHeld } from "./hold.js";
import { LipMotion } from "./motion.js";
import { RollingRecorder } from "./rolling.js";

const KEY = "studio.auto";
const LOOK_MILLISECONDS = 60;
const TEXTS = {
  off: "",
  away: "Waiting until a mouth can be seen.",
  paused: "Paused meanwhile.",
  soon: "Keep the lips still for a moment.",
  rest: "Watching the lips.",
  recording: "Recording until the lips rest.",
  endless: "That went on for too long for one word.",
};

const canvas = document.createElement("canvas");
Object.assign(canvas, { width: SIDE, height: SIDE });
const brush = canvas.getContext("2d", { willReadFrequently: true });
brush.imageSmoothingQuality = "medium"; // every px counts, not only those beside the grid
const motion = new LipMotion();
const rolling = new RollingRecorder(startRecorder);
let unmark = null; // while a movement is recorded
let lastPlace = null;
let lastFrame = 0;

// `isFree` tells whether a word is awaited; `use` takes the film of one.
export function startAuto(isFree, use) {
  let timer = 0;
  document.addEventListener("camera", forget);
  remembered("auto", KEY, (on) => {
    clearInterval(timer);
    timer = on ? setInterval(look, LOOK_MILLISECONDS) : 0;
    forget();
    tell(on ? "away" : "off");
  });

  function look() {
    const reason = reasonToWait(isFree);
    if (reason) {
      forget();
      return tell(reason);
    }
    const picture = newPicture();
    return picture && follow(picture, performance.now() / 1000, use);
  }
}

function reasonToWait(isFree) {
  if (!isReady() || document.hidden || mouthPlace() === null) return "away";
  const isTyping = document.activeElement?.closest("input, textarea, select, dialog");
  return isHeld() || isTyping || !isFree() ? "paused" : null;
}

function follow(picture, seconds, use) {
  const state = motion.step(picture, seconds);
  if (state === "rest" && unmark) forget(); // the camera paused for too long
  if (state === "rest") {
    rolling.roll(seconds);
    if (byId("auto-state").textContent !== TEXTS.endless) tell(rolling.reachesBack(seconds) ? "rest" : "soon");
  } else if (state === "begin" && rolling.reachesBack(seconds)) {
    rolling.hold();
    unmark = markRecording();
    tell("recording");
  } else if (state === "end" && !unmark) {
    forget(); // a movement that nobody saw begin
  } else if (state === "end") {
    const film = rolling.finish();
    forget();
    attempt(async () => use(await film));
  } else if (state === "endless") {
    forget();
    tell("endless");
  }
}

function forget() {
  rolling.drop();
  motion.forgetPicture();
  unmark?.();
  unmark = null;
}

function tell(name) {
  if (byId("auto-state").textContent !== TEXTS[name]) byId("auto-state").textContent = TEXTS[name];
}

// The mouth and what lies around it in gray levels; null as long as the camera has nothing new.
function newPicture() {
  const video = byId("preview");
  const frame = video.getVideoPlaybackQuality().totalVideoFrames;
  if (frame === lastFrame) return null;
  lastFrame = frame;
  const place = mouthPlace();
  if (place.x !== lastPlace?.x || place.y !== lastPlace?.y || place.side !== lastPlace?.side) motion.forgetPicture();
  lastPlace = place;
  const side = AROUND * place.side;
  brush.drawImage(video, place.x - side / 2, place.y - side / 2, side, side, 0, 0, SIDE, SIDE);
  const pixels = brush.getImageData(0, 0, SIDE, SIDE).data;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => 0.3 * pixels[4 * at] + 0.59 * pixels[4 * at + 1] + 0.11 * pixels[4 * at + 2]);
}
