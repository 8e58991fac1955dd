// The camera: preview, hints about the light, and recordings of a moment.

import { byId, onClick, show } from "./dom.js";

const WISHES = { audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" } };
const KINDS = ["video/webm;codecs=vp8", "video/mp4", "video/webm"];
// As videospace.lipreading.mouth.quality judges a recording.
const DARKEST = 0.12;
const BRIGHTEST = 0.88;
// As videospace.lipreading.mouth.detectors cuts out the middle.
const MIDDLE_SHARE = 0.5;
const LOOK_MILLISECONDS = 300;
const REASONS = {
  NotAllowedError: "The camera is not allowed. Allow it beside the address of this page, then try again.",
  NotFoundError: "There is no camera. Connect one, then try again.",
  NotReadableError: "The camera does not answer. Close other programs that use it, then try again.",
};

let stream = null;
let looking = 0;
const canvas = document.createElement("canvas");
Object.assign(canvas, { width: 24, height: 24 });
const brush = canvas.getContext("2d", { willReadFrequently: true });

export const isReady = () => stream !== null;

export function startCamera(finder) {
  byId("mouth-frame").classList.toggle("middle", finder === "middle");
  return stream ? undefined : open();
}

export function stopCamera() {
  clearInterval(looking);
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
}

export function startCameraCard() {
  onClick("camera-again", open);
  const video = byId("preview");
  video.addEventListener("loadedmetadata", () => {
    byId("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
    const side = MIDDLE_SHARE * Math.min(video.videoWidth, video.videoHeight);
    byId("mouth-frame").style.setProperty("--middle-height", `${(100 * side) / video.videoHeight}%`);
  });
}

async function open() {
  if (!navigator.mediaDevices) return fail("This browser gives no camera to this page.");
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia(WISHES);
  } catch (error) {
    return fail(REASONS[error.name] ?? "The camera cannot be opened. Try again.");
  }
  stream = opened;
  stream.getVideoTracks()[0].addEventListener("ended", () => {
    stopCamera();
    fail("The camera has stopped. Is it still connected?");
  });
  byId("preview").srcObject = stream;
  await byId("preview").play();
  tellReady("");
  looking = setInterval(look, LOOK_MILLISECONDS);
  return undefined;
}

function fail(reason) {
  byId("hint").textContent = reason;
  show(byId("camera-again"));
  document.dispatchEvent(new CustomEvent("camera", { detail: false }));
}

function tellReady(hint) {
  byId("hint").textContent = hint;
  show(byId("camera-again"), false);
  document.dispatchEvent(new CustomEvent("camera", { detail: true }));
}

function look() {
  const video = byId("preview");
  const side = MIDDLE_SHARE * Math.min(video.videoWidth, video.videoHeight);
  if (!side || document.hidden) return;
  const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
  brush.drawImage(video, left, top, side, side, 0, 0, 24, 24);
  const pixels = brush.getImageData(0, 0, 24, 24).data;
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += 0.3 * pixels[i] + 0.59 * pixels[i + 1] + 0.11 * pixels[i + 2];
  const light = sum / (24 * 24 * 255);
  let hint = "";
  if (light < DARKEST) hint = "It is too dark: turn on a light in front of the face.";
  if (light > BRIGHTEST) hint = "It is too bright: turn the light away from the face.";
  if (byId("hint").textContent !== hint) byId("hint").textContent = hint;
}

// Begins at once; what it returns ends the recording and gives the film.
export function record() {
  const kind = KINDS.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 2500000 });
  const pieces = [];
  const ended = new Promise((resolve, reject) => {
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => resolve(new Blob(pieces, { type: kind.split(";")[0] })));
    recorder.addEventListener("error", () => reject(new Error("The camera failed. Record it again.")));
  });
  recorder.start();
  byId("camera-card").classList.add("recording");
  return () => {
    if (recorder.state !== "inactive") recorder.stop();
    byId("camera-card").classList.remove("recording");
    return ended;
  };
}
