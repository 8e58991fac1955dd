// The sentence that is being said, word by word; a page that is loaded again still has it.

import { ask } from "./api.js";
import { byId, onClick } from "./dom.js";
import { address, onPerson, person } from "./person.js";
import { say } from "./speech.js";

let words = [];
const key = () => `studio.sentence.${person().id}`;

export function addToSentence(word) {
  words.push(word);
  refresh();
}

export function startSentence() {
  onPerson(() => {
    words = person() ? JSON.parse(sessionStorage.getItem(key()) ?? "[]") : [];
    refresh();
  });
  onClick("speak-all", () => say(words.map((word) => word.spoken).join(" ")));
  onClick("clear", () => {
    words = [];
    refresh();
  });
  onClick("undo", undo);
}

// A word that was chosen by mistake takes its recording along, which would teach the wrong thing.
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
  if (person()) sessionStorage.setItem(key(), JSON.stringify(words));
}
