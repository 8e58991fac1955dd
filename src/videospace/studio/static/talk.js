// The everyday page: record, see the likeliest words, choose, speak.

import { ask } from "./api.js";
import { attempt, byId, fillList, make, onClick, onSubmit, show } from "./dom.js";
import { startHold } from "./hold.js";
import { address, onPerson, person } from "./person.js";
import { drop, keep, send } from "./recordings.js";
import { addToSentence } from "./sentence.js";
import { say } from "./speech.js";

const START = "Record a word, and it will be here.";
let waiting = null;
let isBusy = false;

// No answer is being made, nor waits for a choice.
export const isAwaited = () => waiting === null && !isBusy;

export function startTalk(isOnTalk) {
  startHold(isOnTalk, hear);
  onPerson(() => reset(START));
  onClick("none", openTyped);
  onClick("forget", async () => {
    const recording = waiting;
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

// A recording that nobody began by hand, and that shows no word, is none.
export async function hear(film, { isAuto = false } = {}) {
  const speaker = person().id;
  let heard;
  reset("Reading the lips …");
  isBusy = true;
  try {
    heard = await send(film);
  } catch (error) {
    reset("That did not work. Record it again.");
    throw error;
  } finally {
    isBusy = false;
  }
  if (person()?.id !== speaker) return undefined; // somebody else has been chosen meanwhile
  if (isAuto && !heard.lips_moved) {
    reset("That was no word. Mouth it again.");
    return drop(heard);
  }
  waiting = heard;
  const { guesses, confident, problems } = waiting;
  byId("answer").textContent = question(guesses, confident);
  byId("guesses").classList.toggle("confident", confident);
  byId("guesses").replaceChildren(...guesses.map(guessButton));
  fillList(byId("problems"), problems);
  show(byId("after-guesses"));
  if (!guesses.length) return openTyped();
  return byId("guesses").querySelector("button").focus();
}

function question(guesses, confident) {
  if (!guesses.length) return "Too few words are taught to guess. What was it?";
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
  if (!waiting) return;
  const recording = waiting;
  waiting = null; // a second tap is no second choice
  isBusy = true;
  let kept;
  try {
    kept = await keep(recording, word);
  } catch (error) {
    waiting = recording;
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
  waiting = null;
  byId("answer").textContent = text;
  byId("guesses").replaceChildren();
  byId("typed").value = "";
  for (const id of ["after-guesses", "problems", "typed-form"]) show(byId(id), false);
}
