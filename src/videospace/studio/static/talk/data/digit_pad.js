// Digits on the screen for a field, for a switch and for touch: a switch cannot type.

import { make } from "../../shared/dom.js";
import { gettext } from "../../shared/words.js";

const ROWS = ["123", "456", "789", "0"];

// Fills an element with buttons that write into a field.
export function digitPad(place, field) {
  const rows = ROWS.map((digits) => make("div", {}, ...[...digits].map((digit) => button(digit, () => write(field, digit)))));
  const erase = button("", () => change(field, field.value.slice(0, -1)));
  erase.textContent = "⌫";
  erase.setAttribute("aria-label", gettext("Delete the last digit"));
  rows.at(-1).append(erase);
  for (const row of rows) row.dataset.scanGroup = "";
  place.replaceChildren(...rows);
}

function button(digit, act) {
  const key = make("button", { type: "button", value: digit, textContent: digit });
  key.addEventListener("click", act);
  return key;
}

function write(field, digit) {
  if (field.value.length < field.maxLength) change(field, field.value + digit);
}

function change(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
