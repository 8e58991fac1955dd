// The voices of this device, which the browser speaks with.

import { gettext } from "../../shared/words.js";

const START_MILLISECONDS = 4000;
let current = null;

export const deviceVoices = () => ("speechSynthesis" in window ? speechSynthesis.getVoices() : []);

// Calls `act` now and whenever voices come or go.
export function onDeviceVoices(act) {
  act();
  if ("speechSynthesis" in window) speechSynthesis.addEventListener("voiceschanged", act);
}

// The voice of a name or, without a name, the best one for a language; undefined if there is none.
export function deviceVoice(name, language) {
  const voices = deviceVoices();
  if (name) return voices.find((voice) => voice.name === name);
  const [wanted, base] = [language.toLowerCase(), language.toLowerCase().split("-")[0]];
  const tag = (voice) => voice.lang.toLowerCase().replace("_", "-");
  const same = voices.filter((voice) => tag(voice).split("-")[0] === base);
  return same.find((voice) => tag(voice) === wanted) ?? same.find((voice) => voice.default) ?? same[0];
}

// Resolves when the text was spoken or stopped. Rejects if the voice does not begin to speak: browsers
// list voices that need the internet, and voices that are no longer installed. As with sounds, the
// error is a NotAllowedError if nobody has touched the page yet.
export function speakOnDevice(text, voice, { rate, pitch, volume }) {
  const utterance = Object.assign(new SpeechSynthesisUtterance(text), { voice, rate, pitch, volume, lang: voice.lang });
  current = utterance;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      if (current === utterance) speechSynthesis.cancel();
      reject(new Error(gettext("the voice does not begin")));
    }, START_MILLISECONDS);
    utterance.addEventListener("start", () => clearTimeout(late));
    utterance.addEventListener("end", () => {
      clearTimeout(late);
      resolve();
    });
    utterance.addEventListener("error", ({ error }) => {
      clearTimeout(late);
      if (["canceled", "interrupted"].includes(error)) resolve();
      else reject(Object.assign(new Error(error), error === "not-allowed" && { name: "NotAllowedError" }));
    });
    speechSynthesis.speak(utterance);
  });
}

export function stopDevice() {
  if ("speechSynthesis" in window) speechSynthesis.cancel();
}
