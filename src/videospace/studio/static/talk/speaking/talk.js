// The page Talk: record a word, see the likeliest words, choose one and speak it.

import { ask } from "../../shared/api.js";
import { attempt, byId, fillList, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { startRecordButton } from "./record_button.js";
import { address, onProfile, profile } from "../profile.js";
import { drop, keep, send } from "../camera/recordings.js";
import { addToSentence } from "./sentence.js";
import { say } from "./voice.js";

const START = "Record a word to see it here.";
let pending = null; // the recording whose word is not chosen yet
let isBusy = false;

// Whether nothing is being recognized and no choice is pending.
export const isReadyForWord = () => pending === null && !isBusy;

export function startTalk(isOnTalk) {
  startRecordButton(isOnTalk, recognize);
  onProfile(() => reset(START));
  onClick("none", openTyped);
  onClick("discard", async () => {
    const recording = pending;
    reset(START);
    await drop(recording);
  });
  onSubmit("typed-form", () => choose(byId("typed").value));
  document.addEventListener("keydown", (event) => {
    const guess = byId("guesses").children[Number(event.key) - 1];
    const typing = event.target.closest("input, textarea, select, dialog");
    if (guess && isOnTalk() && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) guess.firstChild.click();
  });
}

// A recording in which the lips never move shows no word: it is dropped, and teaches nothing.
export async function recognize(video) {
  const speaker = profile().id;
  let recording;
  reset("Reading the lips …");
  isBusy = true;
  try {
    recording = await send(video);
  } catch (error) {
    reset("That did not work. Record the word again.");
    throw error;
  } finally {
    isBusy = false;
  }
  if (profile()?.id !== speaker) return undefined; // another person was chosen meanwhile
  if (!recording.lips_moved) {
    reset("I saw no movement of the lips. Mouth the word again.");
    return drop(recording);
  }
  pending = recording;
  const { guesses, confident, problems } = pending;
  byId("answer").textContent = question(guesses, confident);
  byId("guesses").classList.toggle("confident", confident);
  byId("guesses").replaceChildren(...guesses.map(guessButton));
  fillList(byId("problems"), problems);
  show(byId("after-guesses"));
  if (!guesses.length) return openTyped();
  return byId("guesses").querySelector("button").focus();
}

function question(guesses, confident) {
  if (!guesses.length) return "I know too few words to guess. What was it?";
  return confident ? "Is it this?" : "Not sure. Is it one of these?";
}

function guessButton({ text, probability }, index) {
  const percent = Math.round(100 * probability);
  const bar = make("span", { className: "bar" });
  bar.style.width = `${percent}%`;
  const button = make("button", { className: "guess" }, bar,
    make("span", { className: "word", textContent: text }),
    make("span", { className: "certainty", textContent: `${percent} %` }));
  button.setAttribute("aria-keyshortcuts", String(index + 1));
  button.addEventListener("click", () => attempt(() => choose(text)));
  return make("li", {}, button);
}

async function choose(word) {
  if (!pending) return;
  const recording = pending;
  pending = null; // so that a second tap does nothing
  isBusy = true;
  let kept;
  try {
    kept = await keep(recording, word);
  } catch (error) {
    pending = recording;
    throw error;
  } finally {
    isBusy = false;
  }
  say(kept.spoken);
  addToSentence({ text: kept.word, spoken: kept.spoken, clip: kept.id });
  reset(`“${kept.word}” – record the next word.`);
  byId("record").focus();
}

async function openTyped() {
  const words = await ask("GET", address("/words"));
  byId("known-words").replaceChildren(...words.map((word) => make("option", { value: word.text })));
  show(byId("typed-form"));
  byId("typed").focus();
}

function reset(text) {
  pending = null;
  byId("answer").textContent = text;
  byId("guesses").replaceChildren();
  byId("typed").value = "";
  for (const id of ["after-guesses", "problems", "typed-form"]) show(byId(id), false);
}
