// The profile of the person who speaks. It is chosen in the header and remembered by the browser.

import { ask, forgetPin } from "../shared/api.js";
import { attempt, byId, inBackground, make, show } from "../shared/dom.js";

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
  }
  listeners.forEach((act) => act());
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
  return same.length > 1 ? `${one.person} (${same.indexOf(one) + 1})` : one.person;
}

const option = (each, all) => {
  const name = shownName(each, all);
  return make("option", { value: each.id, textContent: each.damage ? `${name} (damaged)` : name, disabled: Boolean(each.damage), dir: "auto" });
};

export async function addProfile(name) {
  const language = navigator.language.toLowerCase().match(/^[a-z]{2,3}(-[a-z]{2})?/)?.[0] ?? "en-us";
  const added = await ask("POST", "/profiles", { json: { person: name, language } });
  await chooseProfile(added.id);
}

// Deletes the person with everything on this page, too: it starts anew, and so does every other page.
export async function deleteProfile() {
  const gone = current;
  await ask("DELETE", address());
  forget((owner) => owner === gone.identity);
  if (localStorage.getItem(REMEMBERED) === gone.id) localStorage.removeItem(REMEMBERED);
  sessionStorage.setItem("studio.done", `Everything about ${gone.shown} is deleted.`);
  pages.postMessage("deleted");
  location.replace(location.pathname);
}

export const refreshProfile = () => chooseProfile(current?.id);

export function startProfiles() {
  byId("person").addEventListener("change", () => attempt(() => chooseProfile(byId("person").value)));
  pages.addEventListener("message", () => inBackground(async () => {
    const profiles = await ask("GET", "/profiles");
    forgetStrangers(profiles);
    if (current && !profiles.some(({ identity }) => identity === current.identity)) location.replace(location.pathname);
  }));
  return chooseProfile(localStorage.getItem(REMEMBERED));
}
