// Pictures of the clips on the map, as many as fit without covering each other. Further ones appear
// as the map is enlarged.

import { ask } from "../../shared/api.js";
import { byId, inBackground } from "../../shared/dom.js";
import { address, onSpace, space } from "../space.js";

const SIDE = 48;
const MARK_PX = 9;
const MAX_AT_ONCE = 64; // the studio's limit
const PAUSE_MILLISECONDS = 120;
const canvas = byId("pictures");
const kept = new Map(); // by id: a strip of pictures, and the row of this one
let timer = 0;

export function startPictures(redraw) {
  byId("show-pictures").addEventListener("change", redraw);
  onSpace(() => {
    kept.clear();
    redraw();
  });
}

// Draws the pictures of items whose marks stand at item.px; the first items take precedence.
export function drawPictures(items, { width, height }, redraw) {
  const scale = devicePixelRatio;
  [canvas.width, canvas.height] = [width * scale, height * scale];
  clearTimeout(timer);
  if (!byId("show-pictures").checked) return;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  const placed = fitting(items, { width, height });
  for (const { id, box } of placed) draw(context, kept.get(id), box);
  canvas.dataset.shown = placed.filter(({ id }) => kept.has(id)).length;
  const missing = placed.map(({ id }) => id).filter((id) => !kept.has(id)).slice(0, MAX_AT_ONCE);
  if (missing.length) timer = setTimeout(() => inBackground(() => load(missing, redraw)), PAUSE_MILLISECONDS);
}

export function pictureSize() {
  const { width, height } = space();
  const longer = Math.max(width, height);
  return { width: (SIDE * width) / longer, height: (SIDE * height) / longer };
}

function fitting(items, frame) {
  const { width, height } = pictureSize();
  const placed = [];
  for (const { id, px } of items) {
    const box = { left: px.x - width / 2, top: px.y - height - MARK_PX, width, height };
    const isInside = box.left >= 0 && box.top >= 0 && box.left + width <= frame.width && box.top + height <= frame.height;
    const isFree = ({ box: other }) => Math.abs(other.left - box.left) > width || Math.abs(other.top - box.top) > height + MARK_PX;
    if (isInside && placed.every(isFree)) placed.push({ id, box });
  }
  return placed;
}

function draw(context, found, { left, top, width, height }) {
  if (!found) return;
  const rowHeight = found.strip.height / found.numRows;
  context.drawImage(found.strip, 0, found.row * rowHeight, found.strip.width, rowHeight, left, top, width, height);
}

async function load(ids, redraw) {
  const current = space();
  const query = new URLSearchParams([["side", SIDE], ...ids.map((id) => ["item", id])]);
  const strip = await createImageBitmap(await ask("GET", address(`/pictures?${query}`)));
  if (space() !== current) return;
  ids.forEach((id, row) => kept.set(id, { strip, row, numRows: ids.length }));
  redraw();
}
