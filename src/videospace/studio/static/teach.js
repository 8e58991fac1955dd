// Which words are taught: those of a list, or the weakest of those that are there.

import { ask } from "./api.js";
import { attempt, byId, count, onClick, onSubmit, show } from "./dom.js";
import { beginLesson, goOn, startLessons, unfinished } from "./lesson.js";
import { address } from "./person.js";

const MOST_PRACTISED = 10;
const MOST_NAMED = 5;
let words = []; // the weakest first

export function startTeach() {
  startLessons(showState);
  onSubmit("teach-form", begin);
  onClick("teach-resume", () => goOn(left()));
  byId("teach-file").addEventListener("change", () => attempt(takeFile));
  byId("teach-words").addEventListener("input", nameButton);
}

export async function showState(done = "") {
  ({ words } = await ask("GET", address("/progress")));
  const rest = left();
  byId("teach-state").textContent = [done, known()].filter(Boolean).join(" ");
  if (rest) byId("teach-resume").textContent = `Go on: ${rest.words.length - rest.place} of ${rest.words.length} words left`;
  show(byId("teach-resume"), rest !== null);
  nameButton();
  if (done) byId("teach-title").focus();
}

const left = () => unfinished((text) => words.some(({ word }) => word === text));

function known() {
  if (!words.length) return "Film each word once. Two words are enough to begin with.";
  const missing = words.filter((word) => word.num_clips === 0).length;
  const weakest = words.slice(0, MOST_NAMED).map(({ word }) => word).join(", ");
  const recorded = missing ? `${missing} of them without a recording` : "all of them recorded";
  return `${count(words.length, "word")}, ${recorded}. The weakest: ${weakest}.`;
}

function nameButton() {
  const typed = byId("teach-words").value.trim();
  byId("teach-begin").textContent = typed || !words.length ? "Begin" : "Practise weak words";
}

async function begin() {
  const text = byId("teach-words").value;
  if (!text.trim()) return practise();
  const added = await ask("POST", address("/word-lists"), { json: { text } });
  byId("teach-words").value = "";
  return beginLesson(added.words.map(short), warnings(added.look_alikes));
}

async function practise() {
  ({ words } = await ask("GET", address("/progress"))); // the page may be younger than the press
  if (!words.length) throw new Error("Write at least one word first.");
  const all = await ask("GET", address("/words"));
  const weakest = words.slice(0, MOST_PRACTISED).map(({ word }) => all.find(({ text }) => text === word));
  beginLesson(weakest.filter(Boolean).map(short));
}

const short = ({ text, spoken }) => ({ text, spoken });

function warnings(alike) {
  const found = {};
  for (const { added, word, same } of alike) {
    (found[added] ??= []).push(same
      ? `“${added}” looks the same on the lips as “${word}”: another wording for one of them helps.`
      : `“${added}” looks much like “${word}”.`);
  }
  return found;
}

async function takeFile() {
  const [file] = byId("teach-file").files;
  byId("teach-file").value = "";
  if (!file) return;
  const text = await file.text();
  if (text.includes("\ufffd")) throw new Error("This file is not UTF-8. Save it as “CSV UTF-8”, or paste its words.");
  byId("teach-words").value = text;
  nameButton();
}
