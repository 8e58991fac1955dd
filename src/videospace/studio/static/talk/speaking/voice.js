// Speaks with the browser's voice, with the settings of this device.

import { byId, make, notify } from "../../shared/dom.js";
import { profile } from "../profile.js";

const KEY = "studio.voice";
const settings = { voice: "", rate: 1, pitch: 1, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };

export function say(text) {
  if (!("speechSynthesis" in window)) {
    notify("This browser has no voice. Try another browser.");
    return;
  }
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = profile().language;
  utterance.rate = settings.rate;
  utterance.pitch = settings.pitch;
  const voice = speechSynthesis.getVoices().find((each) => each.name === settings.voice);
  if (voice) utterance.voice = voice;
  speechSynthesis.cancel();
  speechSynthesis.speak(utterance);
}

export function startVoice() {
  for (const name of ["rate", "pitch"]) {
    byId(name).value = settings[name];
    byId(name).addEventListener("change", () => keep(name, Number(byId(name).value)));
  }
  byId("voice").addEventListener("change", () => keep("voice", byId("voice").value));
  byId("try-voice").addEventListener("click", () => say("This is how I sound."));
  if (!("speechSynthesis" in window)) return;
  listVoices();
  speechSynthesis.addEventListener("voiceschanged", listVoices);
}

function keep(name, value) {
  settings[name] = value;
  localStorage.setItem(KEY, JSON.stringify(settings));
}

function listVoices() {
  const names = speechSynthesis.getVoices().map((voice) => voice.name);
  const options = names.map((name) => make("option", { value: name, textContent: name }));
  byId("voice").replaceChildren(make("option", { value: "", textContent: "the browser's choice" }), ...options);
  byId("voice").value = names.includes(settings.voice) ? settings.voice : "";
}
