// Helpers that all parts of the pages use.

import { gettext } from "./words.js";

export const byId = (id) => document.getElementById(id);

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(element, visible = true) {
  element.hidden = !visible;
}

export function fillList(list, texts) {
  list.replaceChildren(...texts.map((text) => make("li", { textContent: text, dir: "auto" })));
  show(list, texts.length > 0);
}

// Fills an element, unless it shows the same already: a focus in it stays where it is.
export function fillIfNew(element, content, children) {
  const shown = JSON.stringify(content);
  if (element.dataset.shown === shown) return;
  element.dataset.shown = shown;
  element.replaceChildren(...children());
}

// Shows what went wrong, where it is seen however far the page is scrolled.
export function notify(text) {
  byId("notice").textContent = text;
  show(byId("notice"), Boolean(text));
}

// Says that something was done, until the next action.
export function tell(text) {
  const done = byId("done");
  if (!done) return; // the page has no place for it
  done.textContent = text;
  show(done, Boolean(text));
}

export function onSubmit(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(act);
  });
}

export const onClick = (id, act) => byId(id).addEventListener("click", () => attempt(act));

// A button that turns something on and off, and that the browser remembers. Calls `act(isOn)` now and
// at each press.
export function rememberedToggle(id, key, act) {
  const turn = (on) => {
    localStorage.setItem(key, on ? "on" : "off");
    byId(id).setAttribute("aria-pressed", String(on));
    act(on);
  };
  onClick(id, () => turn(byId(id).getAttribute("aria-pressed") !== "true"));
  turn(localStorage.getItem(key) === "on");
}

// Runs an action, and shows its error on the page.
export function attempt(act) {
  notify("");
  tell("");
  return inBackground(act);
}

// The same for an action that the user did not start: the previous message stays until an error.
export async function inBackground(act) {
  try {
    return await act();
  } catch (error) {
    notify(error.message);
    return undefined;
  }
}

// Asks before something that cannot be taken back. Closing the dialog means no.
export function confirmed(text, { yes = gettext("Delete"), no = gettext("Keep") } = {}) {
  const dialog = byId("confirm");
  byId("confirm-text").textContent = text;
  dialog.querySelector("[value=yes]").textContent = yes;
  dialog.querySelector("[value=no]").textContent = no;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
