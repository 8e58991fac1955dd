// The few things that every part of the page does, most of them with elements.

export const byId = (id) => document.getElementById(id);

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export const count = (number, thing) => `${number} ${thing}${number === 1 ? "" : "s"}`;

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(element, visible = true) {
  element.hidden = !visible;
}

export function fillList(list, texts) {
  list.replaceChildren(...texts.map((text) => make("li", { textContent: text })));
  show(list, texts.length > 0);
}

export function notify(text) {
  byId("notice").textContent = text;
  show(byId("notice"), Boolean(text));
}

export function onSubmit(id, act) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(act);
  });
}

export const onClick = (id, act) => byId(id).addEventListener("click", () => attempt(act));

// A button that turns something on and off, and is remembered; `act` is told, now and at each press.
export function remembered(id, key, act) {
  const turn = (on) => {
    localStorage.setItem(key, on ? "on" : "off");
    byId(id).setAttribute("aria-pressed", String(on));
    act(on);
  };
  onClick(id, () => turn(byId(id).getAttribute("aria-pressed") !== "true"));
  turn(localStorage.getItem(key) === "on");
}

// What goes wrong is said on the page, in the studio's own words.
export function attempt(act) {
  notify("");
  return inBackground(act);
}

// The same for what nobody has just asked for: what was said before stays.
export async function inBackground(act) {
  try {
    return await act();
  } catch (error) {
    notify(error.message);
    return undefined;
  }
}

export function confirmed(text) {
  const dialog = byId("confirm");
  byId("confirm-text").textContent = text;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
