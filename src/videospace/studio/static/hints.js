// What could be better before anything is recorded: the light, and where the face is.

import { isReady, isRecording } from "./camera.js";
import { byId } from "./dom.js";
import { findMouth } from "./faces.js";
import { isSending } from "./recordings.js";

// As videospace.lipreading.mouth.quality judges a recording.
const DARKEST = 0.12;
const BRIGHTEST = 0.88;
const SMALLEST_MOUTH_PX = 28;
// As videospace.lipreading.mouth.detectors cuts out the middle.
const MIDDLE_FRACTION = 0.5;
const BLACKEST = 0.02;
// A face is about four times as high as the square of its mouth.
const LARGEST_SHARE = 0.27;
const LIGHT_MILLISECONDS = 300;
const FACE_MILLISECONDS = 1500;
// A mouth that moved by less is where it was.
const STEADY_SHARE = 0.2;

const canvas = document.createElement("canvas");
Object.assign(canvas, { width: 24, height: 24 });
const brush = canvas.getContext("2d", { willReadFrequently: true });
let looksForFaces = false;
let seen = null; // what was last found in a picture; null as long as it is not known
let place = null;

// Where the mouth is, { x, y, side, angle } in px of the video; null where there is none. As long
// as nobody has looked, it is taken to be where the frame on the page asks for it.
export function mouthPlace() {
  const { videoWidth: width, videoHeight: height } = byId("preview");
  if (seen) return place;
  if (looksForFaces) return { x: width / 2, y: 0.66 * height, side: 0.25 * height, angle: 0 };
  return { x: width / 2, y: height / 2, side: MIDDLE_FRACTION * Math.min(width, height), angle: 0 };
}

export function startHints() {
  setInterval(() => isIdle() && lookAtLight(), LIGHT_MILLISECONDS);
  setInterval(() => isIdle() && looksForFaces && lookAtFace(), FACE_MILLISECONDS);
  document.addEventListener("camera", forget);
  byId("preview").addEventListener("loadedmetadata", drawFrame);
  new ResizeObserver(drawFrame).observe(byId("stage"));
}

export function setFinder(finder) {
  looksForFaces = finder !== "middle";
  byId("mouth-frame").classList.toggle("middle", !looksForFaces);
  forget();
}

// A recording and its answer come first.
const isIdle = () => isReady() && !isRecording() && !isSending() && !document.hidden && byId("preview").videoWidth > 0;

function forget() {
  seen = place = null;
  drawFrame();
}

async function lookAtFace() {
  let found;
  try {
    found = await findMouth(byId("preview"));
  } catch {
    return forget(); // hints are no reason to disturb anybody
  }
  if (!looksForFaces || !isReady()) return undefined;
  seen = found;
  if (!place || !found.mouth || !isSteady(place, found.mouth)) place = found.mouth;
  return drawFrame();
}

function isSteady(one, other) {
  const moved = Math.hypot(one.x - other.x, one.y - other.y, one.side - other.side);
  return moved < STEADY_SHARE * one.side;
}

function lookAtLight() {
  const { x, y, side } = mouthPlace() ?? { x: 0, y: 0, side: Infinity };
  const [left, top] = [Math.max(0, x - side / 2), Math.max(0, y - side / 2)];
  const { videoWidth: width, videoHeight: height } = byId("preview");
  brush.drawImage(byId("preview"), left, top, Math.min(side, width - left), Math.min(side, height - top), 0, 0, 24, 24);
  const pixels = brush.getImageData(0, 0, 24, 24).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += 0.3 * pixels[i] + 0.59 * pixels[i + 1] + 0.11 * pixels[i + 2];
  const hint = lightHint(sum / (24 * 24 * 255)) || (seen ? faceHint(seen, width, height) : "");
  if (byId("hint").textContent !== hint) byId("hint").textContent = hint;
}

function lightHint(light) {
  if (light < BLACKEST) return "The camera shows nothing but black: is it covered?";
  if (light < DARKEST) return "It is too dark: turn on a light in front of the face.";
  return light > BRIGHTEST ? "It is too bright: turn the light away from the face." : "";
}

// Of a video of that width and height in px.
export function faceHint({ numFaces, mouth }, width, height) {
  if (!mouth) return "No face is found: move into the frame, towards the camera.";
  const { x, y, side } = mouth;
  if (side < SMALLEST_MOUTH_PX) return "Too far away: come closer.";
  if (side > LARGEST_SHARE * height) return "Too close: move back a little.";
  const half = side / 2;
  if (x < half || y < half || x > width - half || y > height - half) return "The mouth leaves the picture: move into the frame.";
  return numFaces > 1 ? "There is more than one face: let only the speaker be in the picture." : "";
}

// Around the mouth, where it is known; else where the face is asked to be. The preview is a mirror.
function drawFrame() {
  const [frame, video, stage] = [byId("mouth-frame"), byId("preview"), byId("stage")];
  const isKnown = video.videoWidth > 0 && (place !== null || !looksForFaces);
  frame.classList.toggle("found", isKnown);
  if (!isKnown) return frame.removeAttribute("style");
  const { x, y, side, angle } = mouthPlace();
  const scale = Math.min(stage.clientWidth / video.videoWidth, stage.clientHeight / video.videoHeight);
  const left = stage.clientWidth / 2 + scale * (video.videoWidth / 2 - x);
  const top = stage.clientHeight / 2 + scale * (y - video.videoHeight / 2);
  return Object.assign(frame.style, {
    left: `${left}px`,
    top: `${top}px`,
    width: `${scale * side}px`,
    transform: `translate(-50%, -50%) rotate(${-angle}rad)`,
  });
}
