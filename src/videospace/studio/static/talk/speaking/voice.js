// Speaks with a voice of this device, or one of the studio, with the settings of this device.

import { byId, inBackground, make, notify, show } from "../../shared/dom.js";
import { onProfile, profile } from "../profile.js";
import { mediaAddress, mediaOf } from "./media.js";
import { deviceVoice, deviceVoices, onDeviceVoices, speakOnDevice, stopDevice } from "./device_voice.js";
import { play, stopSound } from "./sound.js";
import { speakInStudio, speaks, studioVoices } from "./studio_voice.js";
import { voiceSample } from "./voice_sample.js";
import { gettext } from "../../shared/words.js";

const KEY = "studio.voice";
const DEVICE = "device:";
const STUDIO = "studio:";
const SILENT = gettext("Nothing can speak here. Ask who set up the studio to run: pip install espeakng-loader. "
  + "A voice can also be installed on this device, or try another browser.");
const settings = { voice: "", rate: 1, pitch: 1, volume: 1, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
if (settings.voice && !/^(device|studio):/.test(settings.voice)) settings.voice = DEVICE + settings.voice;
let inStudio = []; // the studio's voices for the language of this person, the usual one first
let wasThere = false; // whether the chosen voice was there a moment ago
let last = null; // what was spoken last, and by whom
let turn = 0;

export const repeat = () => last && sayParts(last.parts);

// Speaks a text after stopping what is being spoken. Resolves when it ends, and shows an error itself.
export const say = (text) => sayParts([text]);

// Speaks words with the person's own voice where there is a recording of it, and the others together.
export function sayAll(words) {
  const parts = [];
  let wasOwn = true;
  for (const { spoken } of words) {
    const isOwn = mediaOf(spoken, "voice") !== undefined;
    if (isOwn || wasOwn) parts.push(spoken);
    else parts.push(`${parts.pop()} ${spoken}`);
    wasOwn = isOwn;
  }
  return sayParts(parts);
}

function sayParts(parts) {
  last = { parts, by: profile().id };
  byId("repeat").disabled = false;
  stopSpeaking();
  const mine = turn;
  return inBackground(async () => {
    for (const text of parts) if (mine === turn) await speakWith(ways(text), text, () => mine === turn);
  });
}

export function stopSpeaking() {
  turn += 1;
  stopDevice();
  stopSound();
}

async function speakWith([way, ...others], text, isWanted) {
  if (!way) throw new Error(SILENT);
  try {
    await way.speak(text);
  } catch (error) {
    if (!isWanted()) return;
    if (others.length) await speakWith(others, text, isWanted);
    else if (error.name === "NotAllowedError") await speakWhenTouched(way, text, isWanted);
    else throw new Error(gettext("{voice} cannot speak this: {reason}", { voice: way.title, reason: error.message }), { cause: error });
  }
}

// Browsers keep a page silent that was only looked at since it was opened.
async function speakWhenTouched(way, text, isWanted) {
  notify(gettext("The browser keeps this page silent until it is touched once. Touch it or press a key: then it speaks."));
  await new Promise((resolve) => {
    for (const touch of ["pointerup", "keydown"]) addEventListener(touch, resolve, { once: true, capture: true });
  });
  if (!isWanted()) return;
  notify("");
  await speakWith([way], text, isWanted);
}

// The ways to speak, the preferred first: the person's own voice, the chosen one, one that knows the
// language, any.
function ways(text = "") {
  const { language } = profile();
  const onDevice = (voice) => voice && { title: gettext("{voice}, a voice of this device", { voice: voice.name }), speak: (text) => speakOnDevice(text, voice, settings) };
  const studio = (voice) => voice && { title: gettext("{voice}, a voice of the studio", { voice: voice.title }), speak: (text) => speakInStudio(text, voice.name, settings) };
  const [place, name] = chosen();
  const own = mediaOf(text, "voice");
  return [
    own && { title: gettext("The person's own voice"), speak: () => play(mediaAddress(own), settings.volume) },
    place === DEVICE ? onDevice(deviceVoice(name, language)) : undefined,
    place === STUDIO ? studio(inStudio.find((voice) => voice.name === name)) : undefined,
    onDevice(deviceVoice("", language)),
    studio(inStudio[0]),
    onDevice(deviceVoices()[0]),
  ].filter(Boolean);
}

const chosen = () => [settings.voice.slice(0, DEVICE.length), settings.voice.slice(DEVICE.length)];

export function startVoice() {
  for (const name of ["rate", "pitch", "volume"]) {
    byId(name).value = settings[name];
    byId(name).addEventListener("change", () => keep(name, Number(byId(name).value)));
  }
  byId("voice").addEventListener("change", () => {
    keep("voice", byId("voice").value);
    listVoices();
  });
  byId("try-voice").addEventListener("click", () => say(voiceSample()));
  onDeviceVoices(() => profile() && listVoices());
  onProfile(() => {
    if (last?.by !== profile()?.id) last = null;
    byId("repeat").disabled = last === null;
    if (profile()) inBackground(checkVoice);
  });
}

// Finds out which voices there are for this person, and says so on the page if there is none.
async function checkVoice() {
  const { id, language } = profile();
  const all = await studioVoices();
  if (profile()?.id !== id) return;
  const usual = (voice) => (voice.languages[0] === language ? 0 : 1);
  inStudio = all.filter((voice) => speaks(voice, language)).sort((one, other) => usual(one) - usual(other));
  listVoices();
}

function keep(name, value) {
  settings[name] = value;
  localStorage.setItem(KEY, JSON.stringify(settings));
}

function listVoices() {
  const option = (value, text) => make("option", { value, textContent: text });
  const group = (label, options) => (options.length ? [make("optgroup", { label }, ...options)] : []);
  byId("voice").replaceChildren(
    option("", gettext("the best one for the language")),
    ...group(gettext("This device"), deviceVoices().map(({ name, lang }) => option(DEVICE + name, `${name} (${lang})`))),
    ...group(gettext("The studio"), inStudio.map(({ name, title }) => option(STUDIO + name, title))),
  );
  const isThere = [...byId("voice").options].some(({ value }) => value === settings.voice);
  byId("voice").value = isThere ? settings.voice : "";
  const [way] = ways();
  byId("voice-state").textContent = way ? gettext("Speaks with {voice}.", { voice: way.title }) : SILENT;
  byId("no-voice").textContent = way ? "" : SILENT;
  show(byId("no-voice"), !way);
  if (wasThere && !isThere && way) {
    notify(gettext("The voice “{voice}” is no longer there. Until it is back, {other} speaks.", { voice: chosen()[1], other: way.title }));
  }
  wasThere = isThere && settings.voice !== "";
}
