// The camera: opened, shown, and recorded from.

import { byId, onClick, show } from "./dom.js";

const WISHES = { audio: false, video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" } };
const KINDS = ["video/webm;codecs=vp8", "video/mp4", "video/webm"];
const REASONS = {
  NotAllowedError: "The camera is not allowed. Allow it beside the address of this page, then try again.",
  NotFoundError: "There is no camera. Connect one, then try again.",
  NotReadableError: "The camera does not answer. Close other programs that use it, then try again.",
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
}

export function startCameraCard() {
  onClick("camera-again", startCamera);
  const video = byId("preview");
  video.addEventListener("loadedmetadata", () => {
    byId("stage").style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`;
  });
}

async function open() {
  if (!navigator.mediaDevices) return fail("This browser gives no camera to this page.");
  byId("hint").textContent = "Waiting for the camera …";
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia(WISHES);
  } catch (error) {
    return fail(REASONS[error.name] ?? "The camera cannot be opened. Try again.");
  }
  stream = opened;
  if (!isWanted) return release(); // another page was opened meanwhile
  stream.getVideoTracks()[0].addEventListener("ended", () => {
    release();
    fail("The camera has stopped. Is it still connected?");
  });
  byId("preview").srcObject = stream;
  await byId("preview").play();
  byId("hint").textContent = "";
  show(byId("camera-again"), false);
  return tell(true);
}

function release() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
}

function fail(reason) {
  byId("hint").textContent = reason;
  show(byId("camera-again"));
  tell(false);
}

const tell = (isOpen) => document.dispatchEvent(new CustomEvent("camera", { detail: isOpen }));

// Begins at once; what it returns ends the recording and gives the film.
export function record() {
  const stop = startRecorder();
  const unmark = markRecording();
  return () => {
    unmark();
    return stop();
  };
}

// The page shows that it records until what this returns is called.
export function markRecording() {
  const tellCard = () => byId("camera-card").classList.toggle("recording", isRecording());
  numRecordings += 1;
  tellCard();
  return () => {
    numRecordings -= 1;
    tellCard();
  };
}

// As `record`, unseen.
export function startRecorder() {
  const kind = KINDS.find((each) => MediaRecorder.isTypeSupported(each));
  const recorder = new MediaRecorder(stream, { mimeType: kind, videoBitsPerSecond: 2500000 });
  const pieces = [];
  const ended = new Promise((resolve, reject) => {
    recorder.addEventListener("dataavailable", (event) => pieces.push(event.data));
    recorder.addEventListener("stop", () => resolve(new Blob(pieces, { type: kind.split(";")[0] })));
    recorder.addEventListener("error", () => reject(new Error("The camera failed. Record it again.")));
  });
  ended.catch(() => {}); // a film that nobody asks for fails unheard
  recorder.start();
  return () => {
    if (recorder.state !== "inactive") recorder.stop();
    return ended;
  };
}
