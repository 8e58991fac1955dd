// Pictures, and recordings of the person's own voice, for words and phrases.

import { ask, fileAddress } from "../../shared/api.js";
import { inBackground } from "../../shared/dom.js";
import { address, onProfile, profile } from "../profile.js";

const listeners = [];
let media = [];
let words = [];

const key = (text) => text.normalize("NFKC").toLowerCase().trim();

export const onMedia = (act) => listeners.push(act);
export const knownWords = () => words;

// Whether a text has a picture or own voice: its record, or undefined.
export function mediaOf(text, kind) {
  const word = words.find(({ spoken }) => key(spoken) === key(text));
  const keys = [key(text), ...(word ? [key(word.text)] : [])];
  return media.find((each) => each.kind === kind && keys.includes(key(each.text)));
}

export const spokenForm = (text) => words.find((word) => key(word.text) === key(text))?.spoken ?? text;

export const mediaAddress = ({ id }) => fileAddress(address(`/media/${id}`));

export async function refreshMedia() {
  const { id } = profile();
  const [newMedia, newWords] = await Promise.all([ask("GET", address("/media")), ask("GET", address("/words"))]);
  if (profile()?.id !== id) return;
  [media, words] = [newMedia, newWords];
  listeners.forEach((act) => act());
}

export async function keepMedia(text, kind, file) {
  await ask("PUT", address(`/${kind}?text=${encodeURIComponent(text)}`), { body: file, type: file.type });
  await refreshMedia();
}

export async function deleteMedia({ text, kind }) {
  await ask("DELETE", address(`/media?kind=${kind}&text=${encodeURIComponent(text)}`));
  await refreshMedia();
}

export function startMedia() {
  onProfile(() => {
    [media, words] = [[], []];
    if (profile()) inBackground(refreshMedia);
  });
}
