// The page Talk: record a word, see the likeliest words, choose one and speak it.

import { attempt, byId, fillList, make, onClick, show } from "../../shared/dom.js";
import { startRecordButton } from "./record_button.js";
import { onProfile, profile } from "../profile.js";
import { drop, keep, send } from "../camera/recordings.js";
import { settings } from "../talk_settings.js";
import { countDown, endCountdown, isCountingDown, startAcceptance } from "./acceptance.js";
import { choiceButton, onShortPress } from "./choices.js";
import { closeCorrection, isCorrecting, openCorrection, startCorrection, typeInFilter } from "./correction.js";
import { addToSentence } from "./sentence.js";
import { restartScanning } from "./switch_scanning.js";
import { say } from "./voice.js";
import { percent } from "../../shared/amounts.js";
import { gettext } from "../../shared/words.js";

const START = gettext("Record a word to see it here.");
let pending = null; // the recording whose word is not chosen yet
let isBusy = false;

const isWaiting = () => pending !== null;

// Why the page is not ready for a word; null if it is.
export function reasonToWait() {
  if (isBusy) return "busy";
  return isWaiting() ? "paused" : null;
}

export function startTalk(isOnTalk) {
  startRecordButton({ isOnTalk, isWaiting, onBegin: discard, use: recognize });
  startAcceptance(stopCountdown);
  startCorrection(choose);
  onProfile(() => reset(START));
  onClick("none", correct);
  onClick("discard", discard);
  startKeys(isOnTalk);
}

// Digits and Enter choose a word, 0 shows the other words, and Escape goes back.
function startKeys(isOnTalk) {
  const isFree = ({ target, ctrlKey, altKey, metaKey }) =>
    isWaiting() && isOnTalk() && !settings().scanning && !target.closest("input, textarea, select, dialog") && !ctrlKey && !altKey && !metaKey;
  const guessOf = (key) => byId("guesses").children[Number(key) - 1]?.firstChild;
  const isChoice = (event) => isFree(event) && (guessOf(event.key) || (event.key === "Enter" && event.target.matches(".choice")));
  onShortPress(isChoice, (key, target) => (key === "Enter" ? target : guessOf(key))?.click());
  document.addEventListener("keydown", (event) => {
    if (!isWaiting() || !isOnTalk() || event.repeat) return;
    if (event.key === "Escape" && !event.target.closest("dialog")) goBack();
    if (!isFree(event)) return;
    if (event.key === "0") {
      event.preventDefault(); // or it would be typed in the field that gets the focus
      attempt(correct);
    }
    typeInFilter(event);
  });
}

function goBack() {
  if (isCountingDown()) stopCountdown();
  else if (isCorrecting() && byId("guesses").firstChild) closeCorrection();
  else attempt(discard);
}

// A recording in which the lips never move shows no word: it is dropped, and teaches nothing.
export async function recognize(video, { upload = null } = {}) {
  const speaker = profile().id;
  let recording;
  reset(gettext("Reading the lips …"));
  isBusy = true;
  try {
    recording = await send(video, { upload });
  } catch (error) {
    reset(gettext("That did not work. Record the word again."));
    throw error;
  } finally {
    isBusy = false;
  }
  if (profile()?.id !== speaker) return undefined; // another person was chosen meanwhile
  if (!recording.lips_moved) {
    reset(gettext("I saw no movement of the lips. Mouth the word again."));
    return drop(recording);
  }
  return showAnswer(recording);
}

function showAnswer(recording) {
  wait(recording);
  const { guesses, confident, problems } = pending;
  byId("answer").textContent = question(guesses, confident);
  byId("guesses").classList.toggle("confident", confident);
  byId("guesses").replaceChildren(...guesses.map(guessButton));
  fillList(byId("problems"), problems);
  show(byId("after-guesses"));
  show(byId("none"), guesses.length > 0);
  if (!guesses.length) return correct();
  byId("guesses").querySelector("button").focus();
  if (confident && settings().accepts_confident) {
    countDown(guesses[0].text, () => attempt(() => choose(guesses[0].text)), stopCountdown);
    byId("stop-accepting").focus();
  }
  return restartScanning();
}

// The switch records only where no answer waits: one press must not do both.
function wait(recording) {
  pending = recording;
  byId("record").toggleAttribute("data-no-scan", isWaiting());
}

function question(guesses, confident) {
  if (!guesses.length) return gettext("I know too few words to guess. What was it?");
  return confident ? gettext("Is it this?") : gettext("Not sure. Is it one of these?");
}

function guessButton({ text, probability }, index) {
  const bar = make("span", { className: "bar" });
  bar.style.width = `${Math.round(100 * probability)}%`;
  const button = choiceButton(text, () => choose(text), bar,
    make("kbd", { textContent: String(index + 1), ariaHidden: "true" }),
    make("span", { className: "word", textContent: text, dir: "auto" }),
    make("span", { className: "certainty", textContent: percent(probability) }));
  button.classList.add("guess");
  button.setAttribute("aria-keyshortcuts", String(index + 1));
  return make("li", {}, button);
}

function stopCountdown() {
  if (!isCountingDown()) return;
  endCountdown();
  byId("answer").textContent = gettext("Stopped. Is it one of these?");
  byId("guesses").querySelector("button")?.focus();
  restartScanning();
}

function correct() {
  if (!isWaiting()) return;
  endCountdown();
  openCorrection(pending.others);
}

async function choose(word) {
  if (!pending) return;
  endCountdown();
  const recording = pending;
  wait(null); // so that a second tap does nothing
  isBusy = true;
  let kept;
  try {
    kept = await keep(recording, word);
  } catch (error) {
    wait(recording);
    throw error;
  } finally {
    isBusy = false;
  }
  say(kept.spoken);
  addToSentence({ text: kept.word, spoken: kept.spoken, clip: kept.id });
  reset(gettext("“{word}” – record the next word.", { word: kept.word }));
  byId("record").focus();
  restartScanning();
}

// Forgets the answer that waits for a choice, as when the word is recorded again: it teaches nothing.
async function discard() {
  const recording = pending;
  reset(START);
  if (!recording) return;
  byId("record").focus();
  restartScanning();
  await drop(recording);
}

function reset(text) {
  wait(null);
  endCountdown();
  closeCorrection();
  byId("answer").textContent = text;
  byId("guesses").replaceChildren();
  byId("typed").value = "";
  for (const id of ["after-guesses", "problems"]) show(byId(id), false);
}
