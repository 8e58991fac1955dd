// The profile of the person who speaks. It is chosen in the header and remembered by the browser.

import { ask } from "../shared/api.js";
import { attempt, byId, make, show } from "../shared/dom.js";

const REMEMBERED = "studio.person";
const listeners = [];
let current = null;
let damaged = [];

export const profile = () => current;
export const damagedProfiles = () => damaged;
export const address = (rest = "") => `/profiles/${encodeURIComponent(current.id)}${rest}`;
export const onProfile = (act) => listeners.push(act);

export async function chooseProfile(id) {
  const profiles = await ask("GET", "/profiles");
  const whole = profiles.filter(({ damage }) => !damage);
  damaged = profiles.filter(({ damage }) => damage);
  current = whole.find((each) => each.id === id) ?? whole[0] ?? null;
  byId("person").replaceChildren(...profiles.map(option));
  show(byId("who"), profiles.length > 0);
  if (current) {
    byId("person").value = current.id;
    localStorage.setItem(REMEMBERED, current.id);
  }
  listeners.forEach((act) => act());
}

const option = ({ id, person: name, damage }) =>
  make("option", { value: id, textContent: damage ? `${name} (damaged)` : name, disabled: Boolean(damage) });

export async function addProfile(name) {
  const language = navigator.language.toLowerCase().match(/^[a-z]{2,3}(-[a-z]{2})?/)?.[0] ?? "en-us";
  const added = await ask("POST", "/profiles", { json: { person: name, language } });
  await chooseProfile(added.id);
}

export const refreshProfile = () => chooseProfile(current?.id);

export function startProfiles() {
  byId("person").addEventListener("change", () => attempt(() => chooseProfile(byId("person").value)));
  return chooseProfile(localStorage.getItem(REMEMBERED));
}
