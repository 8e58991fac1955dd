// The clip under the pointer or the focus: its name, and a small film of it.

import { ask } from "../api.js";
import { byId, show } from "../dom.js";
import { Screen, filmOf } from "./screens.js";
import { address, onSpace } from "./space.js";

const SIDE = 64;
const NUM_FRAMES = 12;
const MOST_KEPT = 150;
const kept = new Map();
let wanted = null;
let screen = null;

export function startPeek() {
  screen = new Screen("peek-film");
  onSpace(() => {
    kept.clear();
    peek(null);
  });
}

export async function peek(point) {
  if (point?.id === wanted?.id) return;
  wanted = point;
  show(byId("peek"), Boolean(point));
  if (!point) return;
  byId("peek-name").textContent = point.name;
  place(point.px);
  const film = await thumbnail(point.id);
  if (film && wanted?.id === point.id) screen.show(film);
}

async function thumbnail(id) {
  if (!kept.has(id)) {
    const query = new URLSearchParams({ start: id, side: SIDE, frames: NUM_FRAMES });
    const asked = ask("GET", address(`/film?${query}`)).then((blob) => filmOf(blob, NUM_FRAMES));
    kept.set(id, asked.catch(() => kept.delete(id) && null));
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(id);
}

// Beside the point, on the side where there is room.
function place({ x, y }) {
  const { clientWidth: width, clientHeight: height } = byId("map-frame");
  const { offsetWidth, offsetHeight, style } = byId("peek");
  const left = x + 18 + offsetWidth > width ? x - 18 - offsetWidth : x + 18;
  style.left = `${Math.max(0, left)}px`;
  style.top = `${Math.min(Math.max(0, y - offsetHeight / 2), height - offsetHeight)}px`;
}
