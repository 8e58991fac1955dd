// The sentence, word by word. It survives a reload of the page.

import { ask } from "../../shared/api.js";
import { byId, onClick } from "../../shared/dom.js";
import { address, onProfile, profile } from "../profile.js";
import { say } from "./voice.js";

let words = [];
const key = () => `studio.sentence.${profile().id}`;

export function addToSentence(word) {
  words.push(word);
  refresh();
}

export function startSentence() {
  onProfile(() => {
    words = profile() ? JSON.parse(sessionStorage.getItem(key()) ?? "[]") : [];
    refresh();
  });
  onClick("speak-all", () => say(words.map((word) => word.spoken).join(" ")));
  onClick("clear", () => {
    words = [];
    refresh();
  });
  onClick("undo", undo);
}

// Also deletes the recording: one of a word that was chosen by mistake would teach the wrong thing.
async function undo() {
  const last = words.pop();
  refresh();
  if (!last?.clip) return;
  try {
    await ask("DELETE", address(`/clips/${last.clip}`));
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

function refresh() {
  byId("sentence").textContent = words.map((word) => word.text).join(" ");
  for (const id of ["speak-all", "undo", "clear"]) byId(id).disabled = words.length === 0;
  if (profile()) sessionStorage.setItem(key(), JSON.stringify(words));
}
