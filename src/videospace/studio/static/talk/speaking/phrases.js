// Phrases that are spoken with one tap, without recognition, and join the sentence.

import { ask } from "../../shared/api.js";
import { attempt, byId, fillIfNew, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { address, onProfile, profile, refreshProfile } from "../profile.js";
import { knownWords, mediaAddress, mediaOf, onMedia } from "./media.js";
import { openPhraseMedia } from "./phrase_media.js";
import { addToSentence } from "./sentence.js";
import { say } from "./voice.js";
import { gettext } from "../../shared/words.js";

const LONGEST = 100;
let category = null; // the one that is shown; null shows all

export function startPhrases() {
  onProfile(() => {
    category = null;
    edit(false);
    list();
  });
  onMedia(() => {
    list();
    if (!byId("phrases-editor").hidden) listMedia();
  });
  onClick("edit-phrases", () => edit(byId("phrases-editor").hidden));
  onClick("use-context", async () => {
    await ask("PATCH", address(), { json: { context: !profile().context } });
    await refreshProfile();
    edit(true);
    byId("use-context").focus();
  });
  onSubmit("phrases-form", async () => {
    const phrases = byId("phrases-text").value.split("\n").map((line) => line.trim()).filter(Boolean);
    const long = phrases.find((phrase) => phrase.length > LONGEST);
    if (long) throw new Error(gettext("A phrase may have {most} characters. This one has {count}: “{start} …”",
      { most: LONGEST, count: long.length, start: long.slice(0, 40) }));
    const { phrases: saved } = await ask("GET", address());
    const added = saved.filter((phrase) => !profile().phrases.includes(phrase) && !phrases.includes(phrase)); // on another page
    await ask("PATCH", address(), { json: { phrases: [...phrases, ...added] } });
    await refreshProfile();
    byId("edit-phrases").focus();
  });
}

// [{ text, category }], from lines of which those with a colon at the end begin a category.
function phrases() {
  const found = [];
  let of = "";
  for (const line of profile()?.phrases ?? []) {
    if (line.endsWith(":")) of = line.slice(0, -1).trim();
    else found.push({ text: line, category: of });
  }
  return found;
}

function list() {
  const all = phrases();
  const categories = [...new Set(all.map((phrase) => phrase.category))].filter(Boolean);
  const names = categories.length ? [null, ...categories] : [];
  fillIfNew(byId("categories"), [names, category], () => names.map(categoryButton));
  show(byId("categories"), categories.length > 0);
  const shown = all.filter((phrase) => category === null || phrase.category === category);
  const content = shown.map(({ text }) => [text, mediaOf(text, "picture")?.id]);
  fillIfNew(byId("phrases"), [profile()?.id, content], () => shown.map(({ text }) => phraseButton(text)));
}

function categoryButton(name) {
  const button = make("button", { textContent: name ?? gettext("All"), dir: "auto" });
  button.setAttribute("aria-pressed", String(name === category));
  button.addEventListener("click", () => {
    category = name;
    list();
    byId("categories").querySelector("[aria-pressed=true]").focus();
  });
  return button;
}

function phraseButton(text) {
  const button = make("button", { dir: "auto" }, ...picture(text), make("span", { textContent: text }));
  button.addEventListener("click", () => {
    say(text);
    addToSentence({ text, spoken: text });
  });
  return button;
}

function picture(text) {
  const found = mediaOf(text, "picture");
  return found ? [make("img", { src: mediaAddress(found), alt: "", width: 64, height: 64 })] : [];
}

function edit(open) {
  show(byId("phrases-editor"), open);
  byId("edit-phrases").setAttribute("aria-expanded", String(open));
  if (!open) return;
  byId("use-context").setAttribute("aria-pressed", String(profile().context));
  byId("phrases-text").value = profile().phrases.join("\n");
  byId("phrases-text").focus();
  listMedia();
}

function listMedia() {
  const texts = new Set([...phrases().map(({ text }) => text), ...knownWords().map(({ text }) => text)]);
  byId("phrase-media").replaceChildren(...[...texts].map((text) => {
    const marks = [mediaOf(text, "picture") && gettext("picture"), mediaOf(text, "voice") && gettext("own voice")].filter(Boolean);
    const state = marks.length ? ` (${marks.join(", ")})` : "";
    const button = make("button", { type: "button", dir: "auto" }, ...picture(text), `${text}${state}`);
    button.addEventListener("click", () => attempt(() => openPhraseMedia(text)));
    return make("li", {}, button);
  }));
}
