// Buttons that accept a word. A key chooses when it is let go, and only after a short press: whoever
// holds a key wants to record. The space bar records, so it never chooses.

import { attempt, byId, make } from "../../shared/dom.js";
import { settings } from "../talk_settings.js";
import { gettext } from "../../shared/words.js";

export const isHold = (milliseconds) => milliseconds > 1000 * (settings().hold_seconds ?? 0.6);

export function refuseHold() {
  byId("answer").textContent = gettext("A long press chooses nothing. Press briefly.");
}

export function choiceButton(text, act, ...content) {
  const button = make("button", { type: "button", className: "choice", dir: "auto" }, ...(content.length ? content : [text]));
  button.addEventListener("click", () => attempt(act));
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") event.preventDefault(); // no click by the browser
  });
  return button;
}

// Calls `choose` with the target and the key after a short press. Returns nothing for other keys.
export function onShortPress(isChoice, choose) {
  let held = null;
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    held = isChoice(event) ? { code: event.code, target: event.target, started: performance.now() } : null;
  });
  document.addEventListener("keyup", (event) => {
    if (held?.code !== event.code) return;
    const { target, started } = held;
    held = null;
    if (!target.isConnected) return;
    if (isHold(performance.now() - started)) refuseHold();
    else choose(event.key, target);
  });
}
