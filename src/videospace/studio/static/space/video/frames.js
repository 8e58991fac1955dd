// The frames of a video, each with a check box: observed, or to be filled in.

import { byId, make, onClick } from "../../shared/dom.js";
import { drawFrame } from "../players.js";
import { gettext } from "../../shared/words.js";

// As in the published prediction task.
const BEGINNING_FRACTION = 4 / 25;
let boxes = [];
let onChange = () => {};

export function startFrames(whenChanged) {
  onChange = whenChanged;
  byId("frames").addEventListener("change", whenChanged);
  onClick("observe-all", () => observe(() => true));
  onClick("observe-beginning", () => observe((index) => index < Math.max(1, Math.round(BEGINNING_FRACTION * boxes.length))));
  onClick("observe-ends", () => observe((index) => index === 0 || index === boxes.length - 1));
}

export function drawFrames(strip, numReal) {
  const { picture, numFrames } = strip;
  const items = Array.from({ length: Math.min(numReal, numFrames) }, (_, index) => {
    const box = make("input", { type: "checkbox", className: "visually-hidden", id: `frame-${index}`, checked: true });
    const canvas = make("canvas", { width: picture.width, height: picture.height / numFrames });
    canvas.setAttribute("aria-hidden", "true");
    drawFrame(canvas, strip, index);
    const words = [make("span", { className: "visually-hidden", textContent: `${gettext("Frame")} ` }), make("span", { textContent: index })];
    const label = make("label", { className: "frame", htmlFor: box.id }, canvas, ...words);
    return make("li", {}, box, label);
  });
  byId("frames").replaceChildren(...items);
  boxes = items.map((item) => item.firstChild);
}

// The numbers of the observed frames; null for all.
export function observedFrames() {
  const observed = boxes.flatMap((box, index) => (box.checked ? [index] : []));
  return observed.length === boxes.length ? null : observed;
}

function observe(isObserved) {
  boxes.forEach((box, index) => { box.checked = isObserved(index); });
  onChange();
}
