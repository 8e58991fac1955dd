// The item under the pointer or the focus: its name, and a small film strip of it.

import { ask } from "../../shared/api.js";
import { byId, show } from "../../shared/dom.js";
import { Player, stripOf } from "../players.js";
import { address, onSpace } from "../space.js";

const SIDE = 64;
const NUM_FRAMES = 12;
const MAX_KEPT = 150;
const kept = new Map();
let wanted = null;
let player = null;
let captionOf = ({ name }) => name;

export function startThumbnail(caption) {
  captionOf = caption;
  player = new Player(byId("thumbnail-player"));
  onSpace(() => {
    kept.clear();
    showThumbnail(null);
  });
}

export async function showThumbnail(item) {
  if (item?.id === wanted?.id) return;
  wanted = item;
  show(byId("thumbnail"), Boolean(item));
  if (!item) return;
  byId("thumbnail-name").textContent = captionOf(item);
  placeBeside(item.px);
  const strip = await thumbnail(item.id);
  if (strip && wanted?.id === item.id) player.show(strip);
}

// The film strip of an item; null if there is none.
export async function thumbnail(id) {
  if (!kept.has(id)) {
    const query = new URLSearchParams({ start: id, side: SIDE, frames: NUM_FRAMES });
    const asked = ask("GET", address(`/strip?${query}`)).then((blob) => stripOf(blob, NUM_FRAMES));
    kept.set(id, asked.catch(() => kept.delete(id) && null));
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
  }
  return kept.get(id);
}

// Puts the thumbnail beside the item, on the side with enough room.
function placeBeside({ x, y }) {
  const { clientWidth: width, clientHeight: height } = byId("map-frame");
  const { offsetWidth, offsetHeight, style } = byId("thumbnail");
  const left = x + 18 + offsetWidth > width ? x - 18 - offsetWidth : x + 18;
  style.left = `${Math.max(0, left)}px`;
  style.top = `${Math.min(Math.max(0, y - offsetHeight / 2), height - offsetHeight)}px`;
}
