// The voices of the studio, for devices that have none.

import { ask } from "../../shared/api.js";
import { play } from "./sound.js";

let voices = null;

export async function studioVoices() {
  voices ??= await ask("GET", "/voices");
  return voices;
}

export const speaks = (voice, language) =>
  voice.languages.some((each) => each.split("-")[0] === language.toLowerCase().split("-")[0]);

export async function speakInStudio(text, voice, { rate, pitch, volume }) {
  const sound = await ask("POST", "/speech", { json: { text, voice, rate, pitch } });
  const address = URL.createObjectURL(sound);
  try {
    await play(address, volume);
  } finally {
    URL.revokeObjectURL(address);
  }
}
