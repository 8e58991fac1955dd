// Hands-free talking: the motion of the lips starts and ends a recording.

import { isReady, markRecording, startRecorder } from "../camera/camera.js";
import { mouthPosition } from "../camera/camera_hints.js";
import { Upload } from "../camera/recordings.js";
import { attempt, byId, show } from "../../shared/dom.js";
import { isButtonRecording } from "../speaking/record_button.js";
import { isTextField } from "../speaking/scan_targets.js";
import { onSettings, settings, settingToggle } from "../talk_settings.js";
import { LipMotion } from "./lip_motion.js";
import { MouthPictures } from "./mouth_pictures.js";
import { Reasons, TEXTS } from "./reasons.js";
import { RollingRecorder } from "./rolling_recorder.js";

const POLL_MILLISECONDS = 60;

const pictures = new MouthPictures();
const motion = new LipMotion();
const reasons = new Reasons();
const rolling = new RollingRecorder(() => {
  const upload = new Upload();
  return { upload, stop: startRecorder(upload.add) };
});
let unmark = null; // not null while a movement is recorded

// `reasonToWait` says why the page is not ready for a word, null if it is; `use` receives the video of
// one.
export function startHandsFree(reasonToWait, use) {
  let timer = 0;
  let isOn = false;
  document.addEventListener("camera", cancel);
  settingToggle("hands-free", "hands_free");
  onSettings(() => {
    motion.sensitivity = settings().lip_sensitivity;
    if (isOn === settings().hands_free) return;
    isOn = settings().hands_free;
    clearInterval(timer);
    timer = isOn ? setInterval(checkLips, POLL_MILLISECONDS) : 0;
    cancel();
    show(byId("lip-meter-label"), isOn);
    showState(isOn ? "away" : "off");
  });

  function checkLips() {
    const reason = reasonOfCamera() ?? reasonToWait();
    if (reason) {
      cancel();
      byId("lip-meter").value = 0;
      return showState(reason);
    }
    const next = pictures.next();
    if (!next) return undefined;
    if (next.isElsewhere) motion.forgetPicture();
    return follow(next.picture, performance.now() / 1000, use);
  }
}

function reasonOfCamera() {
  if (!isReady()) return "noCamera";
  if (document.hidden || mouthPosition() === null) return "away";
  if (isTextField(document.activeElement)) return "typing";
  return isButtonRecording() ? "button" : null;
}

function follow(picture, seconds, use) {
  const state = motion.step(picture, seconds);
  byId("lip-meter").value = Math.min(motion.level, byId("lip-meter").max);
  if (state === "rest" && unmark) cancel(); // the camera paused for too long
  if (state === "rest") {
    rolling.update(seconds);
    showState(reasons.atRest(motion, rolling.hasLookBack(seconds), seconds));
  } else if (state === "begin" && rolling.hasLookBack(seconds)) {
    rolling.keepOldest();
    unmark = markRecording();
    reasons.forget();
    showState("recording");
  } else if (state === "begin") {
    showState(reasons.keep("early", seconds));
  } else if (state === "end" && !unmark) {
    cancel(); // the start of this movement was not recorded
  } else if (state === "end") {
    const { video, upload } = rolling.finish();
    cancel();
    attempt(async () => use(await video, { upload }));
  } else if (state === "tooLong") {
    cancel();
    showState(reasons.keep("tooLong", seconds));
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
