// Who speaks: chosen in the header, remembered by this browser.

import { ask } from "./api.js";
import { attempt, byId, make, show } from "./dom.js";

const REMEMBERED = "studio.person";
const listeners = [];
let current = null;

export const person = () => current;
export const address = (rest = "") => `/people/${encodeURIComponent(current.id)}${rest}`;
export const onPerson = (act) => listeners.push(act);

export async function choosePerson(id) {
  const people = await ask("GET", "/people");
  current = people.find((each) => each.id === id) ?? people[0] ?? null;
  const options = people.map((each) => make("option", { value: each.id, textContent: each.person }));
  byId("person").replaceChildren(...options);
  show(byId("who"), people.length > 0);
  if (current) {
    byId("person").value = current.id;
    localStorage.setItem(REMEMBERED, current.id);
  }
  listeners.forEach((act) => act());
}

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
