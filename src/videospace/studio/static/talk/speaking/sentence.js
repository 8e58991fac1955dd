// The sentence, word by word, and what can be undone. Both survive a reload of the page.

import { ask } from "../../shared/api.js";
import { byId, onClick } from "../../shared/dom.js";
import { address, onProfile, profile, storageKey } from "../profile.js";
import { say } from "./voice.js";

// The last words can be undone even if they are no longer in the sentence: a word that was chosen by
// mistake teaches the wrong thing.
const MAX_UNDONE = 10;
let words = []; // all that were added, oldest first; `isOut` marks those that were cleared
const key = () => storageKey("sentence");

export function addToSentence(word) {
  words.push(word);
  byId("undone").textContent = "";
  refresh();
}

export function startSentence() {
  onProfile(() => {
    words = profile() ? JSON.parse(sessionStorage.getItem(key()) ?? "[]") : [];
    byId("undone").textContent = "";
    refresh();
  });
  onClick("speak-all", () => say(sentence().map((word) => word.spoken).join(" ")));
  onClick("clear", () => {
    words = words.map((word) => ({ ...word, isOut: true }));
    refresh();
  });
  onClick("undo", undo);
}

// Takes back the last word that was added, with its recording.
async function undo() {
  const last = words.pop();
  refresh();
  if (!last) return;
  if (last.clip) await deleteClip(last.clip);
  byId("undone").textContent = last.clip ? `“${last.text}” is taken back, and its recording is deleted.` : `“${last.text}” is taken back.`;
}

async function deleteClip(clip) {
  try {
    await ask("DELETE", address(`/clips/${clip}`));
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

const sentence = () => words.filter((word) => !word.isOut);

function refresh() {
  words = words.filter((word, index) => !word.isOut || index >= words.length - MAX_UNDONE);
  byId("sentence").textContent = sentence().map((word) => word.text).join(" ");
  for (const id of ["speak-all", "clear"]) byId(id).disabled = sentence().length === 0;
  byId("undo").disabled = words.length === 0;
  if (profile()) sessionStorage.setItem(key(), JSON.stringify(words));
}
