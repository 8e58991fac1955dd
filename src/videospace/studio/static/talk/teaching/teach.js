// The page Teach: chooses the words of a lesson, from a new list or the weakest of the known words.

import { ask } from "../../shared/api.js";
import { attempt, byId, count, onClick, onSubmit, show } from "../../shared/dom.js";
import { beginLesson, resumeLesson, startLessons, savedLesson } from "./lesson.js";
import { address } from "../profile.js";

const MAX_PRACTICED = 10;
const MAX_NAMED = 5;
let words = []; // the weakest first

export function startTeach() {
  startLessons(showState);
  onSubmit("teach-form", begin);
  onClick("teach-resume", () => resumeLesson(lessonLeft()));
  byId("teach-file").addEventListener("change", () => attempt(readFile));
  byId("teach-words").addEventListener("input", labelButton);
}

export async function showState(done = "") {
  ({ words } = await ask("GET", address("/progress")));
  const rest = lessonLeft();
  byId("teach-state").textContent = [done, wordsText()].filter(Boolean).join(" ");
  if (rest) byId("teach-resume").textContent = `Continue: ${rest.words.length - rest.position} of ${rest.words.length} words left`;
  show(byId("teach-resume"), rest !== null);
  labelButton();
  if (done) byId("teach-title").focus();
}

const lessonLeft = () => savedLesson((text) => words.some(({ word }) => word === text));

function wordsText() {
  if (!words.length) return "Record each word once. Two words are enough to start.";
  const missing = words.filter((word) => word.num_clips === 0).length;
  const weakest = words.slice(0, MAX_NAMED).map(({ word }) => word).join(", ");
  const recorded = missing ? `${missing} of them without a recording` : "all of them recorded";
  return `${count(words.length, "word")}, ${recorded}. The weakest: ${weakest}.`;
}

function labelButton() {
  const typed = byId("teach-words").value.trim();
  byId("teach-begin").textContent = typed || !words.length ? "Start" : "Practice weak words";
}

async function begin() {
  const text = byId("teach-words").value;
  if (!text.trim()) return practice();
  const added = await ask("POST", address("/word-lists"), { json: { text } });
  byId("teach-words").value = "";
  return beginLesson(added.words.map(short), warnings(added.look_alikes));
}

async function practice() {
  ({ words } = await ask("GET", address("/progress"))); // the list may not be loaded yet
  if (!words.length) throw new Error("Enter at least one word first.");
  const all = await ask("GET", address("/words"));
  const weakest = words.slice(0, MAX_PRACTICED).map(({ word }) => all.find(({ text }) => text === word));
  beginLesson(weakest.filter(Boolean).map(short));
}

const short = ({ text, spoken }) => ({ text, spoken });

function warnings(alike) {
  const found = {};
  for (const { added, word, same } of alike) {
    (found[added] ??= []).push(same
      ? `“${added}” looks the same on the lips as “${word}”: use another wording for one of them.`
      : `“${added}” looks much like “${word}”.`);
  }
  return found;
}

async function readFile() {
  const [file] = byId("teach-file").files;
  byId("teach-file").value = "";
  if (!file) return;
  const text = await file.text();
  if (text.includes("\ufffd")) throw new Error("This file is not UTF-8. Save it as “CSV UTF-8”, or paste its words.");
  byId("teach-words").value = text;
  labelButton();
}
