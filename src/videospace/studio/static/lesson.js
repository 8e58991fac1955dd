// A lesson: one word after another is shown, counted down to, filmed, looked at and kept. How far
// it is, the browser remembers: a page that is closed goes on where it was.

import { ask } from "./api.js";
import { isReady, record } from "./camera.js";
import { byId, fillList, onClick, pause, show } from "./dom.js";
import { address, onPerson, person } from "./person.js";
import { keep, send } from "./recordings.js";

const RECORD_MILLISECONDS = 2500;
const COUNT_MILLISECONDS = 700;
const SET_SIZE = 10;

let lesson = null; // { words: [{ text, spoken }], place, alike: { text: [sentence] } }
let film = null;
let recording = null;
let kept = null;
const key = () => `studio.lesson.${person().id}`;

export const isOpen = () => lesson !== null;

export function startLessons(whenLeft) {
  onPerson(() => {
    if (isOpen()) leave();
  });
  onClick("lesson-record", recordWord);
  onClick("lesson-keep", () => keepWord("Kept."));
  onClick("lesson-next", nextWord);
  onClick("lesson-skip", nextWord);
  onClick("lesson-pause", () => whenLeft(leave("")));

  function nextWord() {
    lesson.place += 1;
    const { place, words } = lesson;
    if (place === words.length) {
      forgetUnfinished();
      return whenLeft(leave("That was the last of these words."));
    }
    remember();
    if (place % SET_SIZE === 0) return whenLeft(leave(`${place} of ${words.length} words done. Time for a rest.`));
    return showWord();
  }
}

export function beginLesson(words, alike = {}) {
  goOn({ words, alike, place: 0 });
}

export function goOn(given) {
  lesson = given;
  remember();
  showWord();
}

// What was left unfinished, without words that were deleted since; null where there is nothing.
export function unfinished(isKnown) {
  const found = JSON.parse(localStorage.getItem(key()) ?? "null");
  if (!found) return null;
  const known = (words) => words.filter(({ text }) => isKnown(text));
  const [words, place] = [known(found.words), known(found.words.slice(0, found.place)).length];
  return words.length > place ? { ...found, words, place } : null;
}

export const forgetUnfinished = () => localStorage.removeItem(key());

const remember = () => localStorage.setItem(key(), JSON.stringify(lesson));

function leave(text) {
  forgetTake();
  lesson = null;
  show(byId("lesson"), false);
  show(byId("teach-list"));
  return text;
}

function showWord() {
  const { words, place, alike } = lesson;
  const { text, spoken } = words[place];
  kept = null;
  forgetTake();
  byId("prompt").textContent = text;
  byId("prompt-spoken").textContent = `spoken “${spoken}”`;
  show(byId("prompt-spoken"), spoken !== text);
  byId("lesson-count").textContent = `Word ${place + 1} of ${words.length}`;
  byId("lesson-text").textContent = "Mouth it once, after the countdown, and close the lips again.";
  byId("lesson-record").textContent = "Record";
  fillList(byId("look-alikes"), alike[text] ?? []);
  show(byId("lesson-skip"));
  show(byId("lesson"));
  show(byId("teach-list"), false);
  byId("lesson-record").focus();
}

async function recordWord() {
  if (!isReady()) throw new Error("The camera is not ready.");
  const during = lesson;
  forgetTake();
  byId("lesson-record").disabled = true;
  try {
    film = await filmWord();
    byId("lesson-text").textContent = "Looking at it …";
    recording = await send(film, { recognize: false });
  } catch (error) {
    if (error.status !== 422) throw error;
    recording = { problems: [error.message] }; // nothing of it can be kept
  } finally {
    byId("countdown").textContent = "";
    byId("lesson-record").disabled = false;
  }
  if (lesson === during) await judge();
}

async function filmWord() {
  for (const count of ["3", "2", "1"]) {
    byId("countdown").textContent = count;
    byId("lesson-text").textContent = count;
    await pause(COUNT_MILLISECONDS);
  }
  byId("countdown").textContent = "";
  const stop = record();
  byId("lesson-text").textContent = "Now.";
  await pause(RECORD_MILLISECONDS);
  return stop();
}

async function judge() {
  byId("playback").src = URL.createObjectURL(film);
  show(byId("playback"));
  byId("lesson-record").textContent = "Record again";
  const { id, problems } = recording;
  fillList(byId("lesson-problems"), problems);
  if (!problems.length) return keepWord("That is a good one.");
  byId("lesson-text").textContent = id ? "This could be better:" : "This cannot be used:";
  show(byId("lesson-keep"), Boolean(id));
  show(byId("lesson-next"), kept !== null);
  byId("lesson-record").focus();
  return undefined;
}

// A word that is recorded again replaces the recording that was just kept.
async function keepWord(text) {
  const before = kept;
  kept = await keep(recording, lesson.words[lesson.place].text, { used: false });
  if (before && before.id !== kept.id) await ask("DELETE", address(`/clips/${before.id}`));
  byId("lesson-text").textContent = text;
  for (const id of ["lesson-keep", "lesson-skip"]) show(byId(id), false);
  show(byId("lesson-next"));
  byId("lesson-next").focus();
}

function forgetTake() {
  URL.revokeObjectURL(byId("playback").src);
  byId("playback").removeAttribute("src");
  fillList(byId("lesson-problems"), []);
  for (const id of ["playback", "lesson-keep", "lesson-next"]) show(byId(id), false);
}
