// How the person operates Talk. The studio keeps it in the profile, so that every device has it.

import { ask } from "../shared/api.js";
import { attempt, byId, inBackground, make } from "../shared/dom.js";
import { address, onProfile, profile } from "./profile.js";
import { gettext, number } from "../shared/words.js";

const listeners = [];
let current = {}; // of the last person, until there is another one

export const settings = () => current;

// Calls `act` whenever a setting or the person changes.
export const onSettings = (act) => listeners.push(act);

export async function changeSettings(changes) {
  use({ ...current, ...changes }); // at once: the switch must not wait for the studio
  const { talk } = await ask("PATCH", address(), { json: { talk: changes } });
  if (profile()) profile().talk = talk;
}

export function startTalkSettings() {
  onProfile(() => profile() && use(profile().talk));
  for (const field of fields()) {
    for (const option of field.options) option.text ||= textOf(field, option.value);
    field.addEventListener("change", () => attempt(() => changeSettings({ [field.name]: parsed(field.value) })));
  }
}

// A button that turns a setting on and off.
export function settingToggle(id, name) {
  onSettings(() => byId(id).setAttribute("aria-pressed", String(current[name])));
  byId(id).addEventListener("click", () => inBackground(() => changeSettings({ [name]: !current[name] })));
}

const fields = () => byId("talk-settings").querySelectorAll("select");

function use(talk) {
  current = talk;
  for (const field of fields()) {
    const value = String(talk[field.name]);
    const isListed = [...field.options].some((option) => option.value === value);
    if (!isListed) field.append(make("option", { value, textContent: textOf(field, value) }));
    field.value = value;
  }
  listeners.forEach((act) => act());
}

function textOf({ name }, value) {
  if (!name.endsWith("_seconds")) return value;
  const seconds = number(Number(value));
  return name === "dwell_seconds" ? gettext("after {seconds} s", { seconds }) : gettext("{seconds} s", { seconds });
}

function parsed(text) {
  if (text === "true" || text === "false") return text === "true";
  return Number.isNaN(Number(text)) ? text : Number(text);
}
