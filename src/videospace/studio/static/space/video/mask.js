// The mask of hidden pixels: painted with a brush or as rectangles, or entered as numbers.

import { byId, onClick, onSubmit } from "../../shared/dom.js";
import { nearestOnPath } from "../geometry.js";
import { space } from "../space.js";
import { gettext } from "../../shared/words.js";

const canvas = byId("mask");
const COLOR = [214, 64, 48, 190];
const MAX_UNDO = 30;
let hidden = new Uint8Array(0);
let stroke = null;
let earlier = []; // masks before the last changes
let onChange = () => {};

export function startMask(whenChanged) {
  onChange = whenChanged;
  canvas.addEventListener("pointerdown", startStroke);
  canvas.addEventListener("pointermove", (event) => stroke && continueStroke(event));
  canvas.addEventListener("pointerup", () => { stroke = null; });
  canvas.addEventListener("pointercancel", () => { stroke = null; });
  onClick("mask-clear", () => {
    remember();
    fill(() => true, 0);
  });
  onClick("mask-undo", undo);
  onSubmit("rectangle-form", () => {
    const [top, left, height, width] = ["top", "left", "height", "width"].map((name) => Number(byId(`rectangle-${name}`).value));
    if (top + height > canvas.height || left + width > canvas.width) {
      throw new Error(gettext("The rectangle does not fit: the picture has {rows} rows and {columns} columns.",
        { rows: canvas.height, columns: canvas.width }));
    }
    remember();
    fill(({ x, y }) => x >= left && x < left + width && y >= top && y < top + height, 1);
  });
}

export function clearMask() {
  [canvas.height, canvas.width] = [space().height, space().width];
  hidden = new Uint8Array(canvas.height * canvas.width);
  earlier = [];
  redraw();
}

function remember() {
  earlier = [...earlier.slice(1 - MAX_UNDO), hidden.slice()];
}

function undo() {
  hidden = earlier.pop() ?? hidden;
  redraw();
  if (!earlier.length) byId("mask-clear").focus(); // a disabled button would lose the focus
}

export const hiddenFraction = () => hidden.reduce((sum, bit) => sum + bit, 0) / hidden.length;

// The mask as base64, a bit for each pixel, row by row; null if nothing is hidden.
export function packedMask() {
  if (!hidden.some(Boolean)) return null;
  const bytes = new Uint8Array(Math.ceil(hidden.length / 8));
  hidden.forEach((bit, index) => { bytes[index >> 3] |= bit << (7 - (index & 7)); });
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

const tool = () => document.querySelector("input[name=tool]:checked").value;

function startStroke(event) {
  canvas.setPointerCapture(event.pointerId);
  remember();
  stroke = { from: pixel(event), at: pixel(event), before: hidden.slice() };
  continueStroke(event);
}

function continueStroke(event) {
  const to = pixel(event);
  if (tool() === "rectangle") {
    hidden = stroke.before.slice();
    const [left, right] = [stroke.from.x, to.x].sort((a, b) => a - b);
    const [top, bottom] = [stroke.from.y, to.y].sort((a, b) => a - b);
    fill(({ x, y }) => x + 0.5 >= left && x + 0.5 <= right && y + 0.5 >= top && y + 0.5 <= bottom, 1);
  } else {
    const radius = Number(byId("brush").value) / 2;
    const line = [stroke.at, to];
    const isNear = ({ x, y }) => nearestOnPath({ x: x + 0.5, y: y + 0.5 }, line).distance <= radius;
    fill(isNear, tool() === "brush" ? 1 : 0);
  }
  stroke.at = to;
}

function pixel(event) {
  const box = canvas.getBoundingClientRect();
  const scale = canvas.width / box.width;
  return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
}

function fill(isInside, bit) {
  for (let y = 0; y < canvas.height; y += 1) {
    for (let x = 0; x < canvas.width; x += 1) {
      if (isInside({ x, y })) hidden[y * canvas.width + x] = bit;
    }
  }
  redraw();
}

function redraw() {
  const picture = new ImageData(canvas.width, canvas.height);
  hidden.forEach((bit, index) => bit && picture.data.set(COLOR, 4 * index));
  canvas.getContext("2d").putImageData(picture, 0, 0);
  byId("mask-undo").disabled = !earlier.length;
  onChange();
}
