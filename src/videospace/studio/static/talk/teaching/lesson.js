// A lesson: shows one word after another, with a countdown, and records, checks and keeps each. The
// browser remembers the position, so that a lesson continues after the page was closed.

import { ask } from "../../shared/api.js";
import { isReady, record } from "../camera/camera.js";
import { byId, fillList, onClick, pause, show } from "../../shared/dom.js";
import { address, onProfile, storageKey } from "../profile.js";
import { keep, send } from "../camera/recordings.js";
import { watchLips } from "./word_end.js";
import { gettext } from "../../shared/words.js";

const COUNT_MILLISECONDS = 700;
const SET_SIZE = 10;
const STILL = gettext("I saw no movement of the lips, so nothing was kept. Mouth the word again.");

// { words: [{ text, spoken, replaces }], position, lookAlikes: { text: [sentence] } }. A word that
// `replaces` a recording of it deletes that one when the new one is kept.
let lesson = null;
let video = null;
let recording = null;
let kept = null;
const key = () => storageKey("lesson");

export const isOpen = () => lesson !== null;

// Calls `whenLeft(text, isDone, words)`.
export function startLessons(whenLeft) {
  onProfile(() => {
    if (isOpen()) leave();
  });
  onClick("lesson-record", recordWord);
  onClick("lesson-keep", () => keepWord(gettext("Kept.")));
  onClick("lesson-next", nextWord);
  onClick("lesson-skip", nextWord);
  onClick("lesson-pause", () => whenLeft(leave("")));

  function nextWord() {
    lesson.position += 1;
    const { position, words } = lesson;
    if (position === words.length) {
      forgetSavedLesson();
      return whenLeft(leave(gettext("All words are done.")), { done: words });
    }
    remember();
    if (position % SET_SIZE === 0) return whenLeft(leave(gettext("{position} of {count} words done. Time for a break.", { position, count: words.length })));
    return showWord();
  }
}

export function beginLesson(words, lookAlikes = {}) {
  resumeLesson({ words, lookAlikes, position: 0 });
}

export function resumeLesson(given) {
  lesson = given;
  remember();
  showWord();
}

// The unfinished lesson, without words that were deleted since; null if there is none.
export function savedLesson(isKnown) {
  const found = JSON.parse(localStorage.getItem(key()) ?? "null");
  if (!found) return null;
  const numDone = found.position ?? found.place; // version 0.1 wrote `place`
  const known = (words) => words.filter(({ text }) => isKnown(text));
  const [words, position] = [known(found.words), known(found.words.slice(0, numDone)).length];
  return words.length > position ? { ...found, words, position } : null;
}

export const forgetSavedLesson = () => localStorage.removeItem(key());

const remember = () => localStorage.setItem(key(), JSON.stringify(lesson));

function leave(text) {
  forgetRecording();
  lesson = null;
  show(byId("lesson"), false);
  show(byId("teach-list"));
  return text;
}

function showWord() {
  const { words, position, lookAlikes } = lesson;
  const { text, spoken } = words[position];
  kept = null;
  forgetRecording();
  byId("prompt").textContent = text;
  byId("prompt").classList.toggle("long", text.length > 40);
  byId("prompt-spoken").textContent = gettext("spoken “{spoken}”", { spoken });
  show(byId("prompt-spoken"), spoken !== text);
  byId("lesson-count").textContent = gettext("Word {position} of {count}", { position: position + 1, count: words.length });
  byId("lesson-text").textContent = gettext("After the countdown, mouth the word once, then close your lips. The recording ends by itself.");
  byId("lesson-record").textContent = gettext("Record");
  fillList(byId("look-alikes"), lookAlikes[text] ?? []);
  show(byId("lesson-skip"));
  show(byId("lesson"));
  show(byId("teach-list"), false);
  byId("lesson-record").focus();
}

async function recordWord() {
  if (!isReady()) throw new Error(gettext("The camera is not ready."));
  const during = lesson;
  forgetRecording();
  byId("lesson-record").disabled = true;
  try {
    video = await recordVideo();
    byId("lesson-text").textContent = gettext("Checking the recording …");
    recording = await send(video, { recognize: false });
  } catch (error) {
    if (error.status !== 422) {
      byId("lesson-text").textContent = gettext("That did not work. Record the word again.");
      throw error;
    }
    recording = { problems: [error.message] }; // there is nothing to keep
  } finally {
    byId("countdown").textContent = "";
    byId("lesson-record").disabled = !isReady();
  }
  if (lesson === during) await showChecked();
}

async function recordVideo() {
  const lips = watchLips();
  try {
    for (const count of ["3", "2", "1"]) {
      byId("countdown").textContent = count;
      byId("lesson-text").textContent = count;
      await pause(COUNT_MILLISECONDS);
    }
    byId("countdown").textContent = "";
    if (!isReady()) throw new Error(gettext("The camera has stopped. Is it still connected?"));
    const stop = record();
    byId("lesson-text").textContent = gettext("Now.");
    await lips.wordEnd();
    return await stop();
  } finally {
    await lips.stop();
  }
}

async function showChecked() {
  byId("playback").src = URL.createObjectURL(video);
  show(byId("playback"));
  byId("lesson-record").textContent = gettext("Record again");
  const { id, problems, lips_moved: lipsMoved = true } = recording;
  fillList(byId("lesson-problems"), lipsMoved ? problems : []);
  if (lipsMoved && !problems.length) return keepWord(gettext("Good recording."));
  const judgment = id ? gettext("This could be better:") : gettext("This recording cannot be used:");
  byId("lesson-text").textContent = lipsMoved ? judgment : STILL;
  show(byId("lesson-keep"), Boolean(id) && lipsMoved);
  show(byId("lesson-next"), kept !== null);
  byId("lesson-record").focus();
  return undefined;
}

// A new recording of the same word replaces the one that was just kept, or one that misleads. What
// cannot be saved now, such as on a full disk, can be kept again.
async function keepWord(text) {
  const { text: word, replaces } = lesson.words[lesson.position];
  const before = kept?.id ?? replaces;
  try {
    kept = await keep(recording, word, { used: false });
  } catch (error) {
    byId("lesson-text").textContent = gettext("This recording is good, but it is not saved yet.");
    show(byId("lesson-keep"));
    throw error;
  }
  byId("lesson-text").textContent = text;
  for (const id of ["lesson-keep", "lesson-skip"]) show(byId(id), false);
  show(byId("lesson-next"));
  byId("lesson-next").focus();
  if (before && before !== kept.id) await deleteReplaced(before);
}

async function deleteReplaced(clip) {
  try {
    await ask("DELETE", address(`/clips/${clip}`));
  } catch (error) {
    if (error.status !== 404) throw error; // another page deleted it
  }
}

function forgetRecording() {
  URL.revokeObjectURL(byId("playback").src);
  byId("playback").removeAttribute("src");
  fillList(byId("lesson-problems"), []);
  for (const id of ["playback", "lesson-keep", "lesson-next"]) show(byId(id), false);
}
