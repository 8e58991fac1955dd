// Who speaks: chosen in the header, remembered by this browser.

import { ask } from "./api.js";
import { attempt, byId, make, notify, show } from "./dom.js";

const REMEMBERED = "studio.person";
const listeners = [];
let current = null;

export const person = () => current;
export const address = (rest = "") => `/people/${encodeURIComponent(current.id)}${rest}`;
export const onPerson = (act) => listeners.push(act);

export async function choosePerson(id) {
  const people = await ask("GET", "/people");
  const whole = people.filter(({ damage }) => !damage);
  current = whole.find((each) => each.id === id) ?? whole[0] ?? null;
  byId("person").replaceChildren(...people.map(option));
  show(byId("who"), people.length > 0);
  if (current) {
    byId("person").value = current.id;
    localStorage.setItem(REMEMBERED, current.id);
  }
  listeners.forEach((act) => act());
  for (const { damage } of people) if (damage) notify(damage);
}

const option = ({ id, person: name, damage }) =>
  make("option", { value: id, textContent: damage ? `${name} (damaged)` : name, disabled: Boolean(damage) });

export async function addPerson(name) {
  const language = navigator.language.toLowerCase().match(/^[a-z]{2,3}(-[a-z]{2})?/)?.[0] ?? "en-us";
  const added = await ask("POST", "/people", { json: { person: name, language } });
  await choosePerson(added.id);
}

export const refreshPerson = () => choosePerson(current?.id);

export function startPeople() {
  byId("person").addEventListener("change", () => attempt(() => choosePerson(byId("person").value)));
  return choosePerson(localStorage.getItem(REMEMBERED));
}
