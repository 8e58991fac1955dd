// The page Data: settings, words and recordings, export and import, and deletion.

import { ask, fileAddress } from "../shared/api.js";
import { attempt, byId, confirmed, count, make, onClick, onSubmit, show } from "../shared/dom.js";
import { forgetSavedLesson } from "./teaching/lesson.js";
import { addProfile, address, chooseProfile, damagedProfiles, onProfile, profile, refreshProfile } from "./profile.js";

const LANGUAGES = { "en-us": "English (US)", "en-gb": "English (GB)", de: "Deutsch", fr: "Français", es: "Español", it: "Italiano", nl: "Nederlands", pt: "Português", pl: "Polski", hi: "हिन्दी" };

export function startData() {
  onProfile(() => profile() && fillSettings());
  onSubmit("settings-form", async () => {
    const json = { person: byId("set-person").value, language: byId("set-language").value, finder: byId("set-finder").value };
    await ask("PATCH", address(), { json });
    await refreshProfile();
  });
  onSubmit("another-form", async () => {
    await addProfile(byId("another").value);
    byId("another").value = "";
  });
  byId("import").addEventListener("change", () => attempt(importFile));
  onClick("delete-person", async () => {
    const { person: name } = profile();
    if (!(await confirmed(`Delete everything about ${name}: all words, recordings and models?`))) return;
    await ask("DELETE", address());
    forgetSavedLesson();
    await chooseProfile(null);
  });
}

export async function showData() {
  const [words, clips] = await Promise.all([ask("GET", address("/words")), ask("GET", address("/clips"))]);
  const megabytes = (profile().num_bytes / 2 ** 20).toFixed(1);
  byId("storage").textContent = `${count(words.length, "word")}, ${count(clips.length, "recording")}, ${megabytes} MB`;
  byId("words").replaceChildren(...words.map((word) => wordRow(word, clips.filter((clip) => clip.word === word.text))));
}

// The people whose data cannot be opened. Their files can be saved, and deleted.
export function showDamaged(isPlace) {
  byId("damaged-people").replaceChildren(...damagedProfiles().map(damagedRow));
  show(byId("damaged"), isPlace && damagedProfiles().length > 0);
}

function damagedRow({ id, person: name, damage, num_bytes: bytes }) {
  const path = `/profiles/${encodeURIComponent(id)}`;
  const save = make("a", { className: "button", href: fileAddress(`${path}/export?as_is=true`), textContent: "Save the files" });
  save.download = "";
  save.setAttribute("aria-label", `Save the files of ${name}`);
  const remove = deleteButton(`everything about ${name}`, path, "Save the files first: somebody may be able to repair them.");
  return make("li", {},
    make("p", {}, make("strong", { textContent: name }), ` (${(bytes / 2 ** 20).toFixed(1)} MB): ${damage}`),
    make("div", { className: "row" }, save, remove));
}

function fillSettings() {
  const { person: name, language, finder } = profile();
  byId("words").replaceChildren(); // until the words of this person are loaded
  const known = { ...LANGUAGES, ...(LANGUAGES[language] ? {} : { [language]: language }) };
  const options = Object.entries(known).map(([value, text]) => make("option", { value, textContent: text }));
  byId("set-language").replaceChildren(...options);
  byId("set-person").value = name;
  byId("set-language").value = language;
  byId("set-finder").value = finder;
  byId("export").href = fileAddress(address("/export"));
}

function wordRow(word, clips) {
  const path = address(`/words?word=${encodeURIComponent(word.text)}`);
  const head = make("div", { className: "row" },
    make("span", {}, make("strong", { textContent: word.text }), ` ${count(clips.length, "recording")}, used ${word.num_uses} ×`),
    deleteButton(`the word “${word.text}” with its recordings`, path));
  const list = make("ul", {}, ...clips.map((clip) => {
    const when = new Date(clip.added).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    return make("li", { className: "row" }, `${when}, ${clip.seconds.toFixed(1)} s`,
      deleteButton(`the recording of “${word.text}” of ${when}`, address(`/clips/${clip.id}`)));
  }));
  const details = make("details", {}, make("summary", { textContent: "Recordings" }), list);
  return make("li", {}, head, ...(clips.length ? [details] : []));
}

function deleteButton(what, path, warning = "Models that were trained with it are deleted, too.") {
  const button = make("button", { className: "danger", textContent: "Delete" });
  button.setAttribute("aria-label", `Delete ${what}`);
  button.addEventListener("click", () => attempt(async () => {
    if (!(await confirmed(`Delete ${what}? ${warning}`))) return;
    await ask("DELETE", path);
    await refreshProfile();
  }));
  return button;
}

async function importFile() {
  const [file] = byId("import").files;
  byId("import").value = "";
  if (!file) return;
  const added = await ask("POST", "/profiles/import", { body: file, type: "application/zip" });
  await chooseProfile(added.id);
}
