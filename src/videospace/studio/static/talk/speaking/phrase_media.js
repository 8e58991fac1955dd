// The dialog that gives a word or phrase a picture, and the person's own voice.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, confirmed, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { deleteMedia, keepMedia, mediaAddress, mediaOf, onMedia } from "./media.js";
import { recordSound } from "./microphone.js";
import { say } from "./voice.js";
import { gettext } from "../../shared/words.js";

const SIDE_PX = 256;
let text = null;
let recording = null;

export function startPhraseMedia() {
  onMedia(() => text && fill());
  onFile("picture-file", "picture", "image/", gettext("Choose a picture as JPEG, PNG, WebP or GIF."));
  onFile("voice-file", "voice", "audio/", gettext("Choose a sound as WAV, MP3, M4A, Ogg or FLAC."));
  onSubmit("symbol-form", findSymbols);
  onClick("picture-delete", () => remove("picture"));
  onClick("voice-delete", () => remove("voice"));
  onClick("voice-play", () => say(text));
  onClick("voice-record", () => (recording ? recording.stop() : record()));
  onClick("media-close", () => byId("media-dialog").close());
  byId("media-dialog").addEventListener("close", () => {
    recording?.stop();
    text = null;
  });
}

export async function openPhraseMedia(chosen) {
  text = chosen;
  byId("media-title").textContent = chosen;
  byId("symbol-text").value = chosen;
  byId("symbols").replaceChildren();
  byId("media-state").textContent = "";
  fill();
  byId("media-dialog").showModal();
  const { title } = await ask("GET", "/symbols");
  show(byId("symbol-form"), Boolean(title));
  byId("symbol-title").textContent = title;
}

function fill() {
  const [picture, voice] = [mediaOf(text, "picture"), mediaOf(text, "voice")];
  show(byId("media-picture"), Boolean(picture));
  if (picture) byId("media-picture").src = mediaAddress(picture);
  show(byId("picture-delete"), Boolean(picture));
  for (const id of ["voice-play", "voice-delete"]) show(byId(id), Boolean(voice));
  byId("voice-record").textContent = recording ? gettext("Stop") : voice ? gettext("Record it again") : gettext("Record my voice");
}

function tell(message) {
  byId("media-state").textContent = message;
}

// Errors are shown in the dialog, which covers the rest of the page.
async function tryIn(act) {
  try {
    await act();
  } catch (error) {
    tell(error.message);
  }
}

function onFile(id, kind, type, advice) {
  byId(id).addEventListener("change", () => tryIn(async () => {
    const [file] = byId(id).files;
    byId(id).value = "";
    if (!file) return;
    if (!file.type.startsWith(type)) throw new Error(advice);
    await keepMedia(text, kind, file);
    tell(gettext("Saved."));
  }));
}

async function remove(kind) {
  const question = kind === "voice"
    ? gettext("Delete the recording of “{word}”?", { word: text })
    : gettext("Delete the picture of “{word}”?", { word: text });
  if (!(await confirmed(question))) return;
  await tryIn(async () => {
    await deleteMedia(mediaOf(text, kind));
    tell(gettext("Deleted."));
  });
  byId(kind === "voice" ? "voice-record" : "media-close").focus();
}

function record() {
  return tryIn(async () => {
    const of = text;
    recording = await recordSound();
    tell(gettext("Recording. Say it, then press Stop."));
    fill();
    let sound;
    try {
      sound = await recording.sound;
    } finally {
      recording = null;
    }
    if (text !== of) return; // the dialog was closed
    fill();
    await keepMedia(of, "voice", sound);
    tell(gettext("Saved. This is how it sounds."));
    say(of);
  });
}

async function findSymbols() {
  await tryIn(async () => {
    const { symbols } = await ask("GET", `/symbols?text=${encodeURIComponent(byId("symbol-text").value)}`);
    byId("symbols").replaceChildren(...symbols.map(symbolButton));
    tell(symbols.length ? "" : gettext("No symbol has this name. Try another word."));
  });
}

function symbolButton({ id, name }) {
  const image = make("img", { src: fileAddress(`/symbols/file?identity=${encodeURIComponent(id)}`), alt: name, width: 72, height: 72 });
  const button = make("button", { type: "button", className: "symbol", title: name }, image);
  button.addEventListener("click", () => attempt(() => tryIn(async () => {
    await keepMedia(text, "picture", await drawn(image));
    tell(gettext("Saved."));
  })));
  return button;
}

// A symbol as pixels: the studio keeps no other kind of picture.
async function drawn(image) {
  await image.decode();
  const canvas = make("canvas", { width: SIDE_PX, height: SIDE_PX });
  canvas.getContext("2d").drawImage(image, 0, 0, SIDE_PX, SIDE_PX);
  return new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
}
