// The profile of the person who speaks. It is chosen in the header and remembered by the browser.

import { ask, forgetPin } from "../shared/api.js";
import { attempt, byId, inBackground, make, show } from "../shared/dom.js";
import { gettext, isChosen, isolated, language, languages, useLanguage } from "../shared/words.js";

const REMEMBERED = "studio.person";
const listeners = [];
const pages = new BroadcastChannel("studio.people"); // the other pages of this browser
let current = null;
let damaged = [];

export const profile = () => current;
export const damagedProfiles = () => damaged;
export const address = (rest = "") => `/profiles/${encodeURIComponent(current.id)}${rest}`;
export const onProfile = (act) => listeners.push(act);

// Like `onProfile`, but only if it is another person than before.
export function onPerson(act) {
  let last;
  onProfile(() => {
    if (current?.identity === last) return;
    last = current?.identity;
    act();
  });
}

// The key under which the browser keeps something about this person. It goes with the person, and
// nobody else ever gets the same.
export const storageKey = (name) => `studio.${name}.${current.identity}`;

export async function chooseProfile(id) {
  const profiles = await ask("GET", "/profiles");
  forgetStrangers(profiles);
  const whole = profiles.filter(({ damage }) => !damage);
  damaged = profiles.filter(({ damage }) => damage);
  if (id !== current?.id) forgetPin();
  current = whole.find((each) => each.id === id) ?? whole[0] ?? null;
  if (current) current.shown = shownName(current, profiles);
  byId("person").replaceChildren(...profiles.map((each) => option(each, profiles)));
  show(byId("who"), profiles.length > 0);
  if (current) {
    byId("person").value = current.id;
    localStorage.setItem(REMEMBERED, current.id);
    const wanted = pageLanguage(current);
    if (wanted !== language) {
      useLanguage(wanted);
      return new Promise(() => {}); // the page begins anew
    }
  }
  listeners.forEach((act) => act());
  return undefined;
}

// The language of the pages for a person: the chosen one, or that of the words if it is there.
function pageLanguage({ talk, language: spoken }) {
  return [talk.page_language, spoken.split("-")[0]].find((code) => code in languages) ?? language;
}

// Changes it for this person, or for this browser while there is nobody.
export async function choosePageLanguage(code) {
  if (current) await ask("PATCH", address(), { json: { talk: { page_language: code } } });
  useLanguage(code);
}

// Removes what the browser keeps about people who are no longer here. A damaged profile does not say
// whose it is: until it is repaired or deleted, everything stays.
function forgetStrangers(profiles) {
  const known = new Set(profiles.map(({ identity }) => identity));
  if (!profiles.some(({ damage }) => damage)) forget((owner) => !known.has(owner));
}

function forget(isGone) {
  for (const storage of [localStorage, sessionStorage]) {
    for (const key of Object.keys(storage)) {
      const [studio, , ...owner] = key.split(".");
      if (studio === "studio" && owner.length && isGone(owner.join("."))) storage.removeItem(key);
    }
  }
}

// After imports there may be two people of one name: they get a number.
function shownName(one, all) {
  const same = all.filter(({ person: name }) => name === one.person);
  return same.length > 1 ? `${isolated(one.person)} (${same.indexOf(one) + 1})` : one.person;
}

const option = (each, all) => {
  const name = shownName(each, all);
  return make("option", { value: each.id, textContent: each.damage ? gettext("{name} (damaged)", { name }) : name, disabled: Boolean(each.damage), dir: "auto" });
};

export async function addProfile(name) {
  const added = await ask("POST", "/profiles", { json: { person: name, language: spokenLanguage() } });
  await chooseProfile(added.id);
}

// That of the browser, unless another one was chosen for the pages.
function spokenLanguage() {
  const home = navigator.languages.map((each) => each.toLowerCase().match(/^[a-z]{2,3}(-[a-z]{2})?/)?.[0] ?? "en-us");
  if (!isChosen) return home[0] ?? "en-us";
  return home.find((each) => each.split("-")[0] === language) ?? (language === "en" ? "en-us" : language);
}

// Deletes the person with everything on this page, too: it starts anew, and so does every other page.
export async function deleteProfile() {
  const gone = current;
  await ask("DELETE", address());
  forget((owner) => owner === gone.identity);
  if (localStorage.getItem(REMEMBERED) === gone.id) localStorage.removeItem(REMEMBERED);
  sessionStorage.setItem("studio.done", gettext("Everything about {name} is deleted.", { name: gone.shown }));
  pages.postMessage("deleted");
  location.replace(location.pathname);
}

export const refreshProfile = () => chooseProfile(current?.id);

// Begins anew if the person was deleted on another page or device.
async function leaveIfDeleted() {
  const profiles = await ask("GET", "/profiles");
  forgetStrangers(profiles);
  if (!current || profiles.some(({ identity }) => identity === current.identity)) return;
  sessionStorage.setItem("studio.done", gettext("Everything about {name} was deleted on another page.", { name: current.shown }));
  location.replace(location.pathname);
}

export function startProfiles() {
  byId("person").addEventListener("change", () => attempt(() => chooseProfile(byId("person").value)));
  pages.addEventListener("message", () => inBackground(leaveIfDeleted));
  document.addEventListener("missing", () => inBackground(leaveIfDeleted));
  return chooseProfile(localStorage.getItem(REMEMBERED));
}
