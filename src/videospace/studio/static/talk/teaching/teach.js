// The page Teach: chooses the words of a lesson, from a new list or the weakest of the known words.

import { ask } from "../../shared/api.js";
import { attempt, byId, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { beginLesson, resumeLesson, startLessons, savedLesson } from "./lesson.js";
import { address, onPerson } from "../profile.js";
import { countWords } from "../../shared/amounts.js";
import { gettext, ngettext } from "../../shared/words.js";

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
  if (rest) byId("teach-resume").textContent = gettext("Continue: {left} of {count} words left", { left: rest.words.length - rest.position, count: rest.words.length });
  show(byId("teach-resume"), rest !== null);
  const isSomethingRecorded = words.filter((word) => word.num_clips > 0).length > 1;
  show(byId("teach-talk"), isSomethingRecorded);
  byId("teach-again").textContent = ngettext("Record each once more (about {count} minute)",
    "Record each once more (about {count} minutes)", Math.ceil(lastDone.length * SECONDS_A_WORD / 60));
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
  const button = make("button", { textContent: gettext("Record “{word}” again", { word }) });
  button.addEventListener("click", () => attempt(async () => {
    const all = await ask("GET", address("/words"));
    const known = all.find(({ text }) => text === word);
    if (!known) throw new Error(gettext("“{word}” was deleted meanwhile.", { word }));
    beginLesson([{ ...short(known), replaces: clip }]);
  }));
  const text = gettext("“{word}” was the wrong answer {times} times, of {count} wrong answers in all.", { word, times: attracted, count: wrong });
  return make("li", { className: "row spread" }, make("span", { textContent: text, dir: "auto" }), button);
}

const lessonLeft = () => savedLesson((text) => words.some(({ word }) => word === text));

function wordsText() {
  if (!words.length) return gettext("Record each word once. Two words are enough to start.");
  const missing = words.filter((word) => word.num_clips === 0).length;
  const weakest = words.slice(0, MAX_NAMED).map(({ word }) => word).join(", ");
  const recorded = missing
    ? gettext("{words}, {count} of them without a recording.", { words: countWords(words.length), count: missing })
    : gettext("{words}, all of them recorded.", { words: countWords(words.length) });
  return `${recorded} ${gettext("The weakest: {words}.", { words: weakest })}`;
}

function labelButton() {
  const typed = byId("teach-words").value.trim();
  byId("teach-begin").textContent = typed || !words.length ? gettext("Start") : gettext("Practice weak words");
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
  if (!words.length) throw new Error(gettext("Enter at least one word first."));
  const all = await ask("GET", address("/words"));
  const weakest = words.slice(0, MAX_PRACTICED).map(({ word }) => all.find(({ text }) => text === word));
  beginLesson(weakest.filter(Boolean).map(short));
}

const short = ({ text, spoken }) => ({ text, spoken });

function warnings(alike) {
  const found = {};
  for (const { added, word, same } of alike) {
    (found[added] ??= []).push(same
      ? gettext("“{added}” looks the same on the lips as “{word}”: use another wording for one of them.", { added, word })
      : gettext("“{added}” looks much like “{word}”.", { added, word }));
  }
  return found;
}

async function readFile() {
  const [file] = byId("teach-file").files;
  byId("teach-file").value = "";
  if (!file) return;
  const text = await file.text();
  if (text.includes("\ufffd")) throw new Error(gettext("This file is not UTF-8. Save it as “CSV UTF-8”, or paste its words."));
  byId("teach-words").value = text;
  labelButton();
}
