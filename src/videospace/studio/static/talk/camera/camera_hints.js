// Hints before a recording: about the light, and about the position of the face.

import { isReady, isRecording } from "./camera.js";
import { byId } from "../../shared/dom.js";
import { findMouth } from "./mouth_finder.js";
import { isSending } from "./recordings.js";
import { gettext } from "../../shared/words.js";

// The same limits as in videospace.lipreading.mouth.quality.
const DARKEST = 0.12;
const BRIGHTEST = 0.88;
const SMALLEST_MOUTH_PX = 28;
// The same as in videospace.lipreading.mouth.detectors.
const MIDDLE_FRACTION = 0.5;
const BLACKEST = 0.02;
// A face is about four times as high as the square of its mouth.
const LARGEST_FRACTION = 0.27;
const LIGHT_MILLISECONDS = 300;
const FACE_MILLISECONDS = 1500;
// A mouth that moved by less, in widths of its square, counts as steady.
const STEADY_FRACTION = 0.2;

const canvas = document.createElement("canvas");
Object.assign(canvas, { width: 24, height: 24 });
const brush = canvas.getContext("2d", { willReadFrequently: true });
let looksForFaces = false;
let found = null; // the faces in the last picture; null if it is not known
let position = null;

// The position of the mouth, { x, y, side, angle } in px of the video; null if there is no mouth.
// Before the first picture was checked, it is where the frame on the page asks for it.
export function mouthPosition() {
  const { videoWidth: width, videoHeight: height } = byId("preview");
  if (found) return position;
  if (looksForFaces) return { x: width / 2, y: 0.66 * height, side: 0.25 * height, angle: 0 };
  return { x: width / 2, y: height / 2, side: MIDDLE_FRACTION * Math.min(width, height), angle: 0 };
}

export function startHints() {
  setInterval(() => isIdle() && checkLight(), LIGHT_MILLISECONDS);
  setInterval(() => isIdle() && looksForFaces && checkFace(), FACE_MILLISECONDS);
  document.addEventListener("camera", resetFace);
  byId("preview").addEventListener("resize", resetFace);
  new ResizeObserver(drawFrame).observe(byId("stage"));
}

export function setFinder(finder) {
  looksForFaces = finder !== "middle";
  byId("mouth-frame").classList.toggle("middle", !looksForFaces);
  resetFace();
}

// Recording and recognition have priority.
const isIdle = () => isReady() && !isRecording() && !isSending() && !document.hidden && byId("preview").videoWidth > 0;

function resetFace() {
  found = position = null;
  drawFrame();
}

async function checkFace() {
  let latest;
  try {
    latest = await findMouth(byId("preview"));
  } catch {
    return resetFace(); // not worth an error message
  }
  if (!looksForFaces || !isReady()) return undefined;
  found = latest;
  if (!position || !found.mouth || !isSteady(position, found.mouth)) position = found.mouth;
  return drawFrame();
}

function isSteady(one, other) {
  const moved = Math.hypot(one.x - other.x, one.y - other.y, one.side - other.side);
  return moved < STEADY_FRACTION * one.side;
}

function checkLight() {
  const { x, y, side } = mouthPosition() ?? { x: 0, y: 0, side: Infinity };
  const [left, top] = [Math.max(0, x - side / 2), Math.max(0, y - side / 2)];
  const { videoWidth: width, videoHeight: height } = byId("preview");
  brush.drawImage(byId("preview"), left, top, Math.min(side, width - left), Math.min(side, height - top), 0, 0, 24, 24);
  const pixels = brush.getImageData(0, 0, 24, 24).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += 0.3 * pixels[i] + 0.59 * pixels[i + 1] + 0.11 * pixels[i + 2];
  const hint = lightHint(sum / (24 * 24 * 255)) || (found ? faceHint(found, width, height) : "");
  if (byId("hint").textContent !== hint) byId("hint").textContent = hint;
}

function lightHint(light) {
  if (light < BLACKEST) return gettext("The picture is black. Is the camera covered?");
  if (light < DARKEST) return gettext("It is too dark. Turn on a light in front of the face.");
  return light > BRIGHTEST ? gettext("It is too bright. Turn the light away from the face.") : "";
}

// Takes what was found, and the width and height of the video in px.
export function faceHint({ numFaces, mouth }, width, height) {
  if (!mouth) return gettext("No face found. Move into the frame, towards the camera.");
  const { x, y, side } = mouth;
  if (side < SMALLEST_MOUTH_PX) return gettext("Too far away. Come closer.");
  if (side > LARGEST_FRACTION * height) return gettext("Too close. Move back a little.");
  const half = side / 2;
  if (x < half || y < half || x > width - half || y > height - half) return gettext("The mouth is at the edge. Move into the frame.");
  return numFaces > 1 ? gettext("More than one face. Only the speaker should be in the picture.") : "";
}

// Draws the frame around the mouth or, if that is not known, where the face should be. The preview is
// mirrored.
function drawFrame() {
  const [frame, video, stage] = [byId("mouth-frame"), byId("preview"), byId("stage")];
  const isKnown = video.videoWidth > 0 && (position !== null || !looksForFaces);
  frame.classList.toggle("found", isKnown);
  if (!isKnown) return frame.removeAttribute("style");
  const { x, y, side, angle } = mouthPosition();
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
