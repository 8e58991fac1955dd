// Enrolment: a list of words, one recording after another, each looked at before it is kept.

import { ask } from "./api.js";
import { isReady, record } from "./camera.js";
import { byId, fillList, onClick, onSubmit, show } from "./dom.js";
import { address, onPerson, person } from "./person.js";
import { keep, send } from "./recordings.js";

const RECORD_MILLISECONDS = 2500;
const COUNT_MILLISECONDS = 700;
const SET_SIZE = 10;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

let lesson = null;
let film = null;

export function startTeach() {
  onPerson(() => {
    endLesson();
    return person() && showState();
  });
  onSubmit("teach-form", begin);
  onClick("lesson-record", recordWord);
  onClick("lesson-keep", () => keepWord("Kept."));
  onClick("lesson-next", nextWord);
  onClick("lesson-skip", nextWord);
  onClick("lesson-pause", endLesson);
}

export async function showState() {
  const words = await ask("GET", address("/words"));
  const missing = words.filter((word) => word.num_clips === 0).length;
  const known = `${words.length} words, ${missing} of them without a recording.`;
  byId("teach-state").textContent = words.length ? known : "Film each word once. Two words are enough to begin with.";
  byId("teach-begin").textContent = words.length ? "Begin, weakest words first" : "Begin";
}

async function begin() {
  const typed = byId("teach-words").value.split("\n").map((line) => line.trim()).filter(Boolean);
  const known = new Set((await ask("GET", address("/words"))).map((word) => word.text.toLowerCase()));
  const warnings = [];
  for (const text of typed) {
    if (!known.has(text.toLowerCase())) warnings.push(...(await addWord(text)));
    known.add(text.toLowerCase());
  }
  fillList(byId("look-alikes"), warnings);
  byId("teach-words").value = "";
  const words = await ask("GET", address("/words"));
  words.sort((one, other) => one.num_clips - other.num_clips);
  const size = Math.max(SET_SIZE, typed.length);
  lesson = { words: words.slice(0, size).map((word) => word.text), place: -1 };
  if (!words.length) throw new Error("Write at least one word first.");
  await nextWord();
}

async function addWord(text) {
  const added = await ask("POST", address("/words"), { json: { text } });
  return added.look_alikes.map(({ word, same }) => same
    ? `“${text}” looks the same on the lips as “${word}”: another wording for one of them helps.`
    : `“${text}” looks much like “${word}”.`);
}

async function nextWord() {
  lesson.place += 1;
  if (lesson.place >= lesson.words.length) return endLesson();
  forgetTake();
  lesson.kept = null;
  byId("prompt").textContent = lesson.words[lesson.place];
  byId("lesson-count").textContent = `Word ${lesson.place + 1} of ${lesson.words.length}`;
  byId("lesson-text").textContent = "Mouth it once, after the countdown, and close the lips again.";
  byId("lesson-record").textContent = "Record";
  show(byId("lesson"));
  show(byId("teach-list"), false);
  byId("lesson-record").focus();
  return undefined;
}

async function recordWord() {
  if (!isReady()) throw new Error("The camera is not ready.");
  await forgetKept();
  forgetTake();
  byId("lesson-record").disabled = true;
  try {
    for (const count of ["3", "2", "1"]) {
      byId("countdown").textContent = count;
      await pause(COUNT_MILLISECONDS);
    }
    byId("countdown").textContent = "";
    const stop = record();
    byId("lesson-text").textContent = "Now.";
    await pause(RECORD_MILLISECONDS);
    film = await stop();
    lesson.recording = await send(film, { recognise: false });
  } finally {
    byId("countdown").textContent = "";
    byId("lesson-record").disabled = false;
  }
  await judge();
}

async function judge() {
  byId("playback").src = URL.createObjectURL(film);
  show(byId("playback"));
  byId("lesson-record").textContent = "Record again";
  const { problems } = lesson.recording;
  fillList(byId("lesson-problems"), problems);
  if (!problems.length) return keepWord("That is a good one.");
  byId("lesson-text").textContent = "This could be better:";
  show(byId("lesson-keep"));
  byId("lesson-record").focus();
  return undefined;
}

async function keepWord(text) {
  lesson.kept = await keep(lesson.recording, lesson.words[lesson.place], { used: false });
  byId("lesson-text").textContent = text;
  show(byId("lesson-keep"), false);
  show(byId("lesson-skip"), false);
  show(byId("lesson-next"));
  byId("lesson-next").focus();
}

// A word that is recorded again replaces the recording that was just kept.
async function forgetKept() {
  if (lesson.kept) await ask("DELETE", address(`/clips/${lesson.kept.id}`));
  lesson.kept = null;
}

function forgetTake() {
  URL.revokeObjectURL(byId("playback").src);
  byId("playback").removeAttribute("src");
  fillList(byId("lesson-problems"), []);
  for (const id of ["playback", "lesson-keep", "lesson-next"]) show(byId(id), false);
  show(byId("lesson-skip"));
}

function endLesson() {
  const wasOpen = lesson !== null;
  lesson = null;
  show(byId("lesson"), false);
  show(byId("teach-list"));
  return wasOpen ? showState() : undefined;
}
