// The sentence, word by word, and what can be undone. Both survive a reload of the page.

import { ask } from "../../shared/api.js";
import { byId, fillIfNew, inBackground, make, onClick, show } from "../../shared/dom.js";
import { address, onProfile, profile, storageKey } from "../profile.js";
import { spokenForm } from "./media.js";
import { refreshSaid } from "./said.js";
import { repeat, say, sayAll } from "./voice.js";
import { gettext } from "../../shared/words.js";

// The last words can be undone even if they are no longer in the sentence: a word that was chosen by
// mistake teaches the wrong thing.
const MAX_UNDONE = 10;
let words = []; // all that were added, oldest first; `isOut` marks those that were cleared
const key = () => storageKey("sentence");
let name = ""; // under which the studio keeps what was said in this sentence

// The texts of the sentence so far, which help to tell the next word.
export const sentenceSoFar = () => sentence().map(({ text }) => text);

// Adds a word or phrase, which the studio keeps as said. One that was recorded has the id of its clip.
export function addToSentence(word) {
  words.push(word);
  byId("undone").textContent = "";
  refresh();
  const of = profile().id;
  return inBackground(async () => {
    const { id } = await ask("POST", address("/said"), { json: { sentence: name, text: word.text } });
    word.said = id;
    if (profile()?.id !== of) return;
    save();
    await Promise.all([suggest(), refreshSaid()]);
  });
}

export function startSentence() {
  onProfile(() => {
    const kept = JSON.parse((profile() && sessionStorage.getItem(key())) ?? "{}");
    words = Array.isArray(kept) ? kept : kept.words ?? [];
    name = kept.name ?? newName();
    byId("undone").textContent = "";
    refresh();
    if (profile()) inBackground(suggest);
  });
  onClick("speak-all", () => sayAll(sentence()));
  onClick("repeat", repeat);
  onClick("enlarge", enlarge);
  onClick("partner-speak", () => sayAll(sentence()));
  onClick("partner-close", () => byId("partner-dialog").close());
  onClick("clear", () => {
    for (const word of words) word.isOut = true;
    name = newName();
    refresh();
    return suggest();
  });
  onClick("undo", undo);
}

const newName = () => `${Date.now()}-${Math.random().toString(36).slice(2, 10)}`;

// Takes back the last word that was added, with its recording.
async function undo() {
  const last = words.pop();
  refresh();
  if (!last) return;
  if (last.clip) await remove(`/clips/${last.clip}`);
  if (last.said) await remove(`/said?identity=${last.said}`);
  byId("undone").textContent = last.clip
    ? gettext("“{word}” is taken back, and its recording is deleted.", { word: last.text })
    : gettext("“{word}” is taken back.", { word: last.text });
  await Promise.all([suggest(), refreshSaid()]);
}

async function remove(path) {
  try {
    await ask("DELETE", address(path));
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

const sentence = () => words.filter((word) => !word.isOut);

function enlarge() {
  byId("partner-text").textContent = sentenceSoFar().join(" ");
  byId("partner-dialog").showModal();
}

// Shows the words that the person said most often after these.
async function suggest() {
  const before = sentenceSoFar();
  const query = new URLSearchParams(before.map((text) => ["before", text]));
  const found = await ask("GET", address(`/suggestions?${query}`));
  if (sentenceSoFar().join("\n") !== before.join("\n")) return; // it has grown meanwhile
  fillIfNew(byId("suggestions"), [profile().id, found], () => found.map((text) => {
    const button = make("button", { textContent: text, dir: "auto" });
    button.addEventListener("click", () => {
      say(spokenForm(text));
      addToSentence({ text, spoken: spokenForm(text) });
      byId("speak-all").focus();
    });
    return button;
  }));
  show(byId("suggestions"), found.length > 0);
}

function refresh() {
  words = words.filter((word, index) => !word.isOut || index >= words.length - MAX_UNDONE);
  byId("sentence").textContent = sentenceSoFar().join(" ");
  for (const id of ["speak-all", "enlarge", "clear"]) byId(id).disabled = sentence().length === 0;
  byId("undo").disabled = words.length === 0;
  save();
}

function save() {
  if (profile()) sessionStorage.setItem(key(), JSON.stringify({ name, words }));
}
