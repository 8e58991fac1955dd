// Records a sound with the microphone, which is open only meanwhile.

import { gettext } from "../../shared/words.js";

const LONGEST_MILLISECONDS = 20_000;
const REASONS = {
  NotAllowedError: gettext("The microphone is blocked. Allow it in the browser's settings, then try again."),
  NotFoundError: gettext("There is no microphone. Plug one in, or choose a sound file."),
  NotReadableError: gettext("Another program uses the microphone. Close it, then try again."),
};

// Returns a function that ends the recording, and a promise of the sound.
export async function recordSound() {
  const stream = await openMicrophone();
  const recorder = new MediaRecorder(stream);
  const pieces = [];
  const sound = new Promise((resolve, reject) => {
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("error", () => reject(new Error(gettext("The microphone stopped. Record it again."))));
    recorder.addEventListener("stop", () => {
      stream.getTracks().forEach((track) => track.stop());
      resolve(new Blob(pieces, { type: recorder.mimeType || "audio/webm" }));
    });
  });
  recorder.start();
  const stop = () => recorder.state !== "inactive" && recorder.stop();
  setTimeout(stop, LONGEST_MILLISECONDS);
  return { stop, sound };
}

async function openMicrophone() {
  if (!navigator.mediaDevices) throw new Error(gettext("This browser opens the microphone only on this machine or over https."));
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch (error) {
    throw new Error(REASONS[error.name] ?? gettext("The microphone does not work: {reason}", { reason: error.message }), { cause: error });
  }
}
