// The frames of a video, each with a switch: seen, or to be filled in.

import { byId, make, onClick } from "../dom.js";
import { drawFrame } from "./screens.js";

const PUBLISHED_SHARE = 4 / 25;
let boxes = [];
let told = () => {};

export function startFrames(changed) {
  told = changed;
  byId("frames").addEventListener("change", changed);
  onClick("seen-all", () => choose(() => true));
  onClick("seen-beginning", () => choose((index) => index < Math.max(1, Math.round(PUBLISHED_SHARE * boxes.length))));
  onClick("seen-ends", () => choose((index) => index === 0 || index === boxes.length - 1));
}

export function drawFrames(film, numReal) {
  const { picture, numFrames } = film;
  const items = Array.from({ length: Math.min(numReal, numFrames) }, (_, index) => {
    const box = make("input", { type: "checkbox", className: "unseen", id: `frame-${index}`, checked: true });
    const canvas = make("canvas", { width: picture.width, height: picture.height / numFrames });
    canvas.setAttribute("aria-hidden", "true");
    drawFrame(canvas, film, index);
    const words = [make("span", { className: "unseen", textContent: "Frame " }), make("span", { textContent: index })];
    const label = make("label", { className: "frame", htmlFor: box.id }, canvas, ...words);
    return make("li", {}, box, label);
  });
  byId("frames").replaceChildren(...items);
  boxes = items.map((item) => item.firstChild);
}

// Numbers of the frames that are seen; null for all.
export function seenFrames() {
  const seen = boxes.flatMap((box, index) => (box.checked ? [index] : []));
  return seen.length === boxes.length ? null : seen;
}

function choose(isSeen) {
  boxes.forEach((box, index) => { box.checked = isSeen(index); });
  told();
}
