// Opens the camera, shows its picture and records from it.

import { byId, onClick, show } from "../../shared/dom.js";
import { gettext } from "../../shared/words.js";

const CONSTRAINTS = { audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" } };
const KINDS = ["video/webm;codecs=vp8", "video/mp4", "video/webm"];
const PIECE_MILLISECONDS = 200;
const ERRORS = {
  NotAllowedError: gettext("The camera is blocked. Allow it next to the address of this page, then try again."),
  NotFoundError: gettext("No camera was found. Connect one, then try again."),
  NotReadableError: gettext("The camera does not respond. Close other programs that use it, then try again."),
};

let stream = null;
let opening = null;
let isWanted = false;
let numRecordings = 0;

export const isReady = () => stream !== null;
export const isRecording = () => numRecordings > 0;

export function startCamera() {
  isWanted = true;
  if (!stream) opening ??= open().finally(() => { opening = null; });
  return opening;
}

export function stopCamera() {
  isWanted = false;
  release();
  announce(false);
}

export function startCameraCard() {
  onClick("camera-again", startCamera);
  const video = byId("preview");
  video.addEventListener("resize", () => { // also when a phone is turned
    byId("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  });
}

async function open() {
  if (!navigator.mediaDevices) return fail(gettext("This browser does not let this page use the camera."));
  byId("hint").textContent = gettext("Waiting for the camera …");
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia(CONSTRAINTS);
  } catch (error) {
    return fail(ERRORS[error.name] ?? gettext("The camera could not be opened. Try again."));
  }
  stream = opened;
  if (!isWanted) return release(); // the user went to another page meanwhile
  stream.getVideoTracks()[0].addEventListener("ended", () => {
    release();
    fail(gettext("The camera has stopped. Is it still connected?"));
  });
  byId("preview").srcObject = stream;
  await byId("preview").play();
  byId("hint").textContent = "";
  show(byId("camera-again"), false);
  return announce(true);
}

function release() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  byId("preview").srcObject = null;
}

function fail(reason) {
  byId("hint").textContent = reason;
  show(byId("camera-again"));
  announce(false);
}

const announce = (isOpen) => document.dispatchEvent(new CustomEvent("camera", { detail: isOpen }));

// Starts recording, and returns a function that ends it and returns the video. `onPiece` receives the
// pieces of the video while it is recorded.
export function record(onPiece) {
  const stop = startRecorder(onPiece);
  const unmark = markRecording();
  return () => {
    unmark();
    return stop();
  };
}

// Shows that the page records, until the returned function is called.
export function markRecording() {
  const updateCard = () => byId("camera-card").classList.toggle("recording", isRecording());
  numRecordings += 1;
  updateCard();
  return () => {
    numRecordings -= 1;
    updateCard();
  };
}

// The same as `record`, without showing it.
export function startRecorder(onPiece = () => {}) {
  const kind = KINDS.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 2500000 });
  const pieces = [];
  const ended = new Promise((resolve, reject) => {
    recorder.addEventListener("dataavailable", ({ data }) => {
      pieces.push(data);
      onPiece(data);
    });
    recorder.addEventListener("stop", () => resolve(new Blob(pieces, { type: kind.split(";")[0] })));
    recorder.addEventListener("error", () => reject(new Error(gettext("The camera failed. Record again."))));
  });
  ended.catch(() => {}); // the error of a discarded video does not matter
  recorder.start(PIECE_MILLISECONDS);
  return () => {
    if (recorder.state !== "inactive") recorder.stop();
    return ended;
  };
}
