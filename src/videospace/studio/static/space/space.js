// The open space and its items.

import { ask } from "../shared/api.js";
import { attempt, byId, make } from "../shared/dom.js";
import { gettext, ngettext } from "../shared/words.js";

const REMEMBERED = "studio.space";
const opened = [];
const changed = [];
let current = null;

export const space = () => current;
export const address = (rest) => `/spaces/${encodeURIComponent(current.id)}${rest}`;
export const itemNamed = (id) => current.items.find((item) => item.id === id);
export const onSpace = (act) => opened.push(act);
export const onItems = (act) => changed.push(act);

export function addItems(items) {
  current.items.push(...items);
  changed.forEach((act) => act());
}

async function open(id) {
  current = await ask("GET", `/spaces/${encodeURIComponent(id)}`);
  localStorage.setItem(REMEMBERED, id);
  byId("space").value = id;
  byId("about").textContent = described(current);
  changed.forEach((act) => act());
  opened.forEach((act) => act());
}

function described({ about, num_clips: clips, num_frames: frames, height, width }) {
  const size = ngettext("{count} clip of {frames} frames, {height}×{width} pixels.", "{count} clips of {frames} frames, {height}×{width} pixels.", clips, { frames, height, width });
  return [size, about.replaceAll("`", "")].join(" ");
}

export async function startSpaces() {
  const spaces = await ask("GET", "/spaces");
  const groups = [[gettext("Your spaces"), spaces.filter((each) => !each.is_pretrained)], [gettext("From videospace"), spaces.filter((each) => each.is_pretrained)]];
  byId("space").replaceChildren(...groups.filter(([, all]) => all.length).map(([label, all]) => (
    make("optgroup", { label }, ...all.map(({ id }) => make("option", { value: id, textContent: id }))))));
  byId("space").addEventListener("change", () => attempt(() => open(byId("space").value)));
  const remembered = localStorage.getItem(REMEMBERED);
  await open(spaces.some((each) => each.id === remembered) ? remembered : spaces[0].id);
}
