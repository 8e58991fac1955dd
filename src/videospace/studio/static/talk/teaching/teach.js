// The page Teach: chooses the words of a lesson, from a new list or the weakest of the known words.

import { ask } from "../../shared/api.js";
import { attempt, byId, count, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { beginLesson, resumeLesson, startLessons, savedLesson } from "./lesson.js";
import { address, onPerson } from "../profile.js";

const MAX_PRACTICED = 10;
const MAX_NAMED = 5;
const SECONDS_A_WORD = 10;
let words = []; // the weakest first
let lastDone = []; // the words of the lesson that was just done

export function startTeach() {
  startLessons(showState);
  onSubmit("teach-form", begin);
  onClick("teach-resume", () => resumeLesson(lessonLeft()));
  onClick("teach-again", () => beginLesson(lastDone));
  onPerson(() => {
    byId("teach-words").value = "";
    lastDone = [];
  });
  byId("teach-file").addEventListener("change", () => attempt(readFile));
  byId("teach-words").addEventListener("input", labelButton);
}

export async function showState(done = "", { done: justDone = [] } = {}) {
  let weak;
  ({ words, weak } = await ask("GET", address("/progress")));
  lastDone = justDone.filter(({ text }) => numClips(text) === 1).map(short);
  const rest = lessonLeft();
  byId("teach-state").textContent = [done, wordsText()].filter(Boolean).join(" ");
  if (rest) byId("teach-resume").textContent = `Continue: ${rest.words.length - rest.position} of ${rest.words.length} words left`;
  show(byId("teach-resume"), rest !== null);
  const isSomethingRecorded = words.filter((word) => word.num_clips > 0).length > 1;
  show(byId("teach-talk"), isSomethingRecorded);
  byId("teach-again").textContent = `Record each once more (about ${count(Math.ceil(lastDone.length * SECONDS_A_WORD / 60), "minute")})`;
  show(byId("teach-again"), lastDone.length > 0);
  show(byId("teach-again-why"), lastDone.length > 0);
  show(byId("teach-first-steps"), !isSomethingRecorded);
  byId("weak").replaceChildren(...weak.map(weakItem));
  show(byId("weak-part"), weak.length > 0);
  labelButton();
  if (done) byId("teach-title").focus();
}

const numClips = (text) => words.find(({ word }) => word === text)?.num_clips ?? 0;

function weakItem({ word, clip, num_attracted: attracted, num_wrong: wrong }) {
  const button = make("button", { textContent: `Record “${word}” again` });
  button.addEventListener("click", () => attempt(async () => {
    const all = await ask("GET", address("/words"));
    const known = all.find(({ text }) => text === word);
    if (!known) throw new Error(`“${word}” was deleted meanwhile.`);
    beginLesson([{ ...short(known), replaces: clip }]);
  }));
  const text = `“${word}” was the wrong answer ${attracted} times, of ${wrong} wrong answers in all.`;
  return make("li", { className: "row spread" }, make("span", { textContent: text, dir: "auto" }), button);
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
  await teachList(text);
  byId("teach-words").value = "";
  return undefined;
}

// Adds the words of a list, and begins a lesson of them.
export async function teachList(text) {
  const added = await ask("POST", address("/word-lists"), { json: { text } });
  beginLesson(added.words.map(short), warnings(added.look_alikes));
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
