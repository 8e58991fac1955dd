// The space that is open, and its points.

import { ask } from "../api.js";
import { attempt, byId, make } from "../dom.js";

const REMEMBERED = "studio.space";
const opened = [];
const changed = [];
let current = null;

export const space = () => current;
export const address = (rest) => `/spaces/${encodeURIComponent(current.id)}${rest}`;
export const pointNamed = (id) => current.points.find((point) => point.id === id);
export const onSpace = (act) => opened.push(act);
export const onPoints = (act) => changed.push(act);

export function addPoints(points) {
  current.points.push(...points);
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

function described({ about, num_clips: clips, num_frames: frames, height, width, map_share: share }) {
  const size = `${clips} clips of ${frames} frames, ${height}×${width} pixels.`;
  return `${size} ${about.replaceAll("`", "")} The map shows ${Math.round(100 * share)} % of how the clips differ.`;
}

export async function startSpaces() {
  const spaces = await ask("GET", "/spaces");
  const groups = [["Yours", spaces.filter((each) => !each.is_pretrained)], ["Come with videospace", spaces.filter((each) => each.is_pretrained)]];
  byId("space").replaceChildren(...groups.filter(([, all]) => all.length).map(([label, all]) => (
    make("optgroup", { label }, ...all.map(({ id }) => make("option", { value: id, textContent: id }))))));
  byId("space").addEventListener("change", () => attempt(() => open(byId("space").value)));
  const remembered = localStorage.getItem(REMEMBERED);
  await open(spaces.some((each) => each.id === remembered) ? remembered : spaces[0].id);
}
