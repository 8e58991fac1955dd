// Plays sounds of the studio, one at a time.

import { gettext } from "../../shared/words.js";

let playing = null;

// Resolves when the sound has ended or was stopped; rejects if it cannot be played.
export function play(source, volume) {
  stopSound();
  const audio = Object.assign(new Audio(source), { volume });
  return new Promise((resolve, reject) => {
    playing = { audio, resolve };
    audio.addEventListener("ended", resolve);
    audio.addEventListener("error", () => reject(new Error(gettext("the sound cannot be played"))));
    audio.play().catch((error) => (error.name === "AbortError" ? resolve() : reject(error)));
  });
}

export function stopSound() {
  playing?.audio.pause();
  playing?.resolve();
  playing = null;
}
