// Drawing a line around marks on the map, to select them.

import { byId, onClick } from "../../shared/dom.js";

const toggle = byId("lasso-toggle");
let loop = []; // the points of the line, in px

const isOn = () => toggle.getAttribute("aria-pressed") === "true";

export function startLasso() {
  onClick("lasso-toggle", () => {
    toggle.setAttribute("aria-pressed", String(!isOn()));
    byId("map").classList.toggle("lasso", isOn());
  });
}

// Whether a press selects, and a drag draws: with the button, or while Shift is held down.
export const isSelecting = (event) => isOn() || event.shiftKey;

export function extendLoop(at) {
  loop.push(at);
  byId("lasso").setAttribute("points", loop.map(({ x, y }) => `${x},${y}`).join(" "));
}

// Removes the line and returns its points.
export function endLoop() {
  const drawn = loop;
  loop = [];
  byId("lasso").setAttribute("points", "");
  return drawn;
}
