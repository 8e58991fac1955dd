// The words of a person and their recordings: play, move, rename, and delete.

import { ask } from "../../shared/api.js";
import { attempt, byId, confirmed, make, onClick, onSubmit, tell } from "../../shared/dom.js";
import { address, profile, refreshProfile } from "../profile.js";
import { countRecordings, countWords, megabytes, seconds } from "../../shared/amounts.js";
import { date, gettext, isolated } from "../../shared/words.js";

const open = new Set(); // the words whose recordings are shown
let words = [];
let turn = 0; // only the newest list is shown
let moving = null; // the recording whose word is being chosen

export function startWords() {
  onClick("move-cancel", () => byId("move-dialog").close());
  onSubmit("move-form", async () => {
    const { clip, word } = moving;
    const target = byId("move-to").value;
    byId("move-dialog").close();
    await change(word, () => ask("PATCH", address(`/clips/${clip.id}`), { json: { word: target } }));
    tell(gettext("This is a recording of “{word}” now.", { word: target }));
  });
}

export async function showWords() {
  turn += 1;
  const mine = turn;
  const [found, clips] = await Promise.all([ask("GET", address("/words")), ask("GET", address("/clips"))]);
  if (!profile() || mine !== turn) return; // another person was chosen meanwhile, or the list changed
  words = found;
  byId("storage").textContent = [countWords(words.length), countRecordings(clips.length), megabytes(profile().num_bytes)].join(", ");
  byId("words").replaceChildren(...words.map((word) => wordItem(word, clips.filter((clip) => clip.word === word.text))));
}

// Does something with a word, shows the list as it is then, also after an error, and keeps the focus
// where the word was.
async function change(text, act) {
  const index = words.findIndex((word) => word.text === text);
  try {
    await act();
  } finally {
    await refreshProfile();
    await showWords();
    const rows = byId("words").children;
    const next = rows[Math.min(index, rows.length - 1)];
    (next?.querySelector("summary, button") ?? byId("words-title")).focus();
  }
}

function wordItem(word, clips) {
  const spoken = word.spoken === word.text ? [] : [gettext("spoken “{spoken}”", { spoken: word.spoken })];
  const about = [countRecordings(clips.length), gettext("used {count} ×", { count: word.num_uses }), ...spoken].join(", ");
  const name = make("strong", { textContent: word.text, dir: "auto" });
  const head = make("div", { className: "row" },
    make("span", {}, name, ` ${about}`),
    make("span", { className: "row" },
      button(gettext("Change"), gettext("Change the word “{word}”", { word: word.text }), () => toggleForm(item, word)),
      deleteButton(word.text, {
        label: gettext("Delete the word “{word}” with its recordings", { word: word.text }),
        question: gettext("Delete the word “{word}” with its recordings? Models that were trained with it are deleted, too.", { word: word.text }),
      }, `/words?word=${encodeURIComponent(word.text)}`)));
  const item = make("li", {}, head, ...(clips.length ? [recordings(word, clips)] : []));
  return item;
}

function recordings(word, clips) {
  const details = make("details", { open: open.has(word.text) },
    make("summary", {}, gettext("Recordings"), make("span", { className: "visually-hidden", textContent: `: ${isolated(word.text)}` })));
  const fill = () => {
    if (details.open) open.add(word.text);
    else open.delete(word.text);
    if (details.open && details.children.length === 1) details.append(make("ul", {}, ...clips.map((clip) => clipItem(word, clip))));
  };
  details.addEventListener("toggle", fill);
  if (details.open) fill();
  return details;
}

function clipItem(word, clip) {
  const when = date(clip.added, { dateStyle: "medium", timeStyle: "short" });
  const values = { word: word.text, when };
  const what = gettext("The recording of “{word}” of {when}", values);
  const buttons = make("span", { className: "row" },
    button(gettext("Play"), gettext("Play the recording of “{word}” of {when}", values), () => play(clip, item, what)),
    button(gettext("Move"), gettext("Move the recording of “{word}” of {when} to another word", values), () => chooseWord(clip, word, when)),
    deleteButton(word.text, {
      label: gettext("Delete the recording of “{word}” of {when}", values),
      question: gettext("Delete the recording of “{word}” of {when}? Models that were trained with it are deleted, too.", values),
    }, `/clips/${clip.id}`));
  const item = make("li", { className: "row" }, `${when}, ${seconds(clip.seconds)}`, buttons);
  return item;
}

// Shows a recording below an element. A second press plays it again.
export async function play(clip, place, what) {
  let video = place.querySelector("video");
  if (!video) {
    const film = await ask("GET", address(`/clips/${clip.id}/film`));
    video = make("video", { className: "film", muted: true, controls: true, playsInline: true, src: URL.createObjectURL(film) });
    video.setAttribute("aria-label", what);
    place.append(video);
  }
  video.currentTime = 0;
  await video.play();
}

function toggleForm(item, word) {
  const shown = item.querySelector("form");
  if (shown) return shown.remove();
  const text = make("input", { value: word.text, required: true, maxLength: 100, autocomplete: "off", dir: "auto" });
  const spoken = make("input", { value: word.spoken, required: true, maxLength: 100, autocomplete: "off", dir: "auto" });
  const form = make("form", { className: "change" },
    make("div", { className: "fields" }, make("label", {}, gettext("Word"), " ", text), make("label", {}, gettext("How it is spoken"), " ", spoken)),
    make("button", { className: "primary", textContent: gettext("Save") }));
  text.addEventListener("input", () => {
    if (spoken.value === word.spoken && word.spoken === word.text) spoken.value = text.value;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => saveWord(word, text.value, spoken.value));
  });
  item.append(form);
  text.focus();
  return undefined;
}

async function saveWord(word, text, spoken) {
  let changed;
  const path = `/words?word=${encodeURIComponent(word.text)}`;
  await change(word.text, async () => {
    const isAsWritten = spoken === word.spoken && word.spoken === word.text;
    changed = await ask("PATCH", address(path), { json: isAsWritten ? { text } : { text, spoken } });
  });
  const alike = changed.look_alikes.filter(({ same }) => same).map(({ word: other }) => `“${other}”`);
  tell(alike.length
    ? gettext("Saved. It looks the same on the lips as {words}.", { words: alike.join(", ") })
    : gettext("Saved."));
}

function chooseWord(clip, word, when) {
  moving = { clip, word: word.text };
  byId("move-label").textContent = gettext("Which word does the recording of “{word}” of {when} show?", { word: word.text, when });
  const others = words.filter(({ text }) => text !== word.text);
  if (!others.length) throw new Error(gettext("There is no other word. Add it on the page Teach first."));
  byId("move-to").replaceChildren(...others.map(({ text }) => make("option", { value: text, textContent: text, dir: "auto" })));
  byId("move-dialog").showModal();
}

function button(text, label, act) {
  const made = make("button", { type: "button", textContent: text });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", () => attempt(act));
  return made;
}

function deleteButton(word, { label, question }, rest) {
  const path = address(rest);
  const made = button(gettext("Delete"), label, async () => {
    if (!(await confirmed(question))) return;
    await change(word, () => ask("DELETE", path));
    tell(gettext("Deleted."));
  });
  made.className = "danger";
  return made;
}
