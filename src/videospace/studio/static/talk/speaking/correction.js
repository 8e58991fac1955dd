// None of these: all other words, the likeliest first, in a grid that touch, keys and a switch reach.
// Typing filters it, and can name a new word.

import { byId, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { settings } from "../talk_settings.js";
import { choiceButton } from "./choices.js";
import { restartScanning } from "./switch_scanning.js";
import { gettext } from "../../shared/words.js";

const PAGE_SIZE = 12;
let words = [];
let numShown = PAGE_SIZE;
let choose = null;

export const isCorrecting = () => !byId("correction").hidden;

export function startCorrection(use) {
  choose = use;
  onSubmit("typed-form", () => use(byId("typed").value));
  onClick("more-words", () => {
    const first = numShown;
    numShown += PAGE_SIZE;
    list();
    byId("others").children[first]?.firstChild.focus();
    restartScanning();
  });
  byId("typed").addEventListener("input", () => {
    numShown = PAGE_SIZE;
    list();
  });
}

// Shows the words that were not guessed.
export function openCorrection(others) {
  words = others;
  numShown = PAGE_SIZE;
  byId("typed").value = "";
  list();
  show(byId("correction"));
  const first = byId("others").querySelector("button");
  if (first) first.focus();
  else if (!settings().scanning) byId("typed").focus();
  restartScanning();
}

export function closeCorrection() {
  show(byId("correction"), false);
  byId("others").replaceChildren();
}

// A letter that is typed anywhere goes to the filter.
export function typeInFilter({ key, ctrlKey, altKey, metaKey }) {
  if (isCorrecting() && /^\p{L}$/u.test(key) && !ctrlKey && !altKey && !metaKey) byId("typed").focus();
}

function list() {
  const found = matching(byId("typed").value);
  byId("others").replaceChildren(...found.slice(0, numShown).map((word) => make("li", {}, choiceButton(word, () => choose(word)))));
  show(byId("more-words"), found.length > numShown);
  byId("no-others").textContent = found.length ? "" : words.length ? gettext("No word contains this. It can be a new word.") : gettext("There are no other words yet.");
}

// Words that begin with the text come before those that contain it.
function matching(text) {
  const wanted = plain(text);
  const begins = words.filter((word) => plain(word).startsWith(wanted));
  return [...begins, ...words.filter((word) => !begins.includes(word) && plain(word).includes(wanted))];
}

const plain = (text) => text.trim().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
