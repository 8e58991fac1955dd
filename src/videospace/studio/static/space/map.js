// The map: a mark for each item, the path between two of them, and the handle on the path.

import { byId } from "../shared/dom.js";
import { nearestOnPath, nearestItem, itemTowards } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { clip: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z", sample: "M0-8 8 0 0 8-8 0Z", video: "M0-9 9 7-9 7Z" };
const MARGIN_PX = 30;
const REACH_PX = 26;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const map = byId("map");
let actions = {};
let items = [];
let ends = { start: null, end: null, path: [], pathPx: [], ratio: 0 };
let active = null;
let dragging = false;
let toPx = ([x, y]) => ({ x, y });

// Calls pick(id), showThumbnail(item or null) and drag(ratio) when the user does something.
export function startMap(given) {
  actions = given;
  new ResizeObserver(layout).observe(map);
  map.addEventListener("pointermove", move);
  map.addEventListener("pointerdown", press);
  map.addEventListener("click", release);
  map.addEventListener("pointercancel", () => { dragging = false; });
  map.addEventListener("pointerleave", () => !dragging && actions.showThumbnail(null));
  map.addEventListener("keydown", key);
  map.addEventListener("focus", () => map.matches(":focus-visible") && activate(active ?? items[0]));
  map.addEventListener("blur", () => actions.showThumbnail(null));
}

export function drawItems(all) {
  items = all.map((item, index) => ({ ...item, element: markOf(item, index) }));
  byId("marks").replaceChildren(...items.map((item) => item.element));
  active = null;
  map.removeAttribute("aria-activedescendant");
  layout();
}

export function drawEnds(next) {
  ends = { ...ends, ...next };
  layoutEnds();
}

function markOf({ id, kind, name }, index) {
  const mark = document.createElementNS(SVG, "path");
  mark.id = `point-${index}`;
  mark.dataset.id = id;
  mark.setAttribute("class", `mark ${kind}`);
  mark.setAttribute("d", SHAPES[kind]);
  mark.setAttribute("role", "option");
  mark.setAttribute("aria-selected", "false");
  mark.setAttribute("aria-label", name);
  const title = document.createElementNS(SVG, "title");
  title.textContent = id;
  mark.append(title);
  return mark;
}

function layout() {
  const { width, height } = map.getBoundingClientRect();
  if (!width || !items.length) return;
  map.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const scaled = (axis, size) => {
    const values = items.map((item) => item.map_xy[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = high > low ? (size - 2 * MARGIN_PX) / (high - low) : 0;
    return (value) => (scale ? MARGIN_PX + (value - low) * scale : size / 2);
  };
  const [across, up] = [scaled(0, width), scaled(1, height)];
  toPx = ([x, y]) => ({ x: across(x), y: height - up(y) });
  for (const item of items) {
    item.px = toPx(item.map_xy);
    item.element.setAttribute("transform", `translate(${item.px.x} ${item.px.y})`);
  }
  layoutEnds();
}

function layoutEnds() {
  const path = ends.path.map(toPx);
  ends.pathPx = path;
  byId("path").setAttribute("points", path.map(({ x, y }) => `${x},${y}`).join(" "));
  for (const item of items) {
    const isEnd = item.id === ends.start || item.id === ends.end;
    item.element.setAttribute("aria-selected", String(isEnd));
  }
  label("mark-start", items.find((item) => item.id === ends.start));
  label("mark-end", items.find((item) => item.id === ends.end));
  const spot = along(path, ends.ratio);
  byId("handle").setAttribute("visibility", spot ? "visible" : "hidden");
  if (spot) byId("handle").setAttribute("transform", `translate(${spot.x} ${spot.y})`);
}

function along(path, ratio) {
  if (!path.length) return null;
  const position = ratio * (path.length - 1);
  const index = Math.min(Math.floor(position), path.length - 2);
  const [one, other, fraction] = [path[index], path[index + 1], position - index];
  return { x: one.x + fraction * (other.x - one.x), y: one.y + fraction * (other.y - one.y) };
}

function label(id, item) {
  byId(id).setAttribute("visibility", item ? "visible" : "hidden");
  if (item) byId(id).setAttribute("transform", `translate(${item.px.x} ${item.px.y - 14})`);
}

function pixel(event) {
  const box = map.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function press(event) {
  const at = pixel(event);
  const position = nearestOnPath(at, ends.pathPx);
  const handle = along(ends.pathPx, ends.ratio);
  const isOnHandle = handle && Math.hypot(handle.x - at.x, handle.y - at.y) < REACH_PX;
  const isOnPath = position.distance < REACH_PX && !nearestItem(at, items, REACH_PX);
  if (!isOnHandle && !isOnPath) return;
  dragging = true;
  map.setPointerCapture(event.pointerId);
  actions.showThumbnail(null);
}

// A press that started on the path ends a drag; any other press picks the item under it.
function release(event) {
  const item = nearestItem(pixel(event), items, REACH_PX);
  if (dragging) dragging = false;
  else if (item) actions.pick(item.id);
}

function move(event) {
  if (dragging) actions.drag(nearestOnPath(pixel(event), ends.pathPx).ratio);
  else if (event.pointerType !== "touch") actions.showThumbnail(nearestItem(pixel(event), items, REACH_PX));
}

function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") actions.showThumbnail(null);
  else if (ARROWS[event.key]) activate(itemTowards(active ?? items[0], items, ARROWS[event.key]));
  else if (event.key === "Home") activate(items[0]);
  else if (event.key === "End") activate(items.at(-1));
  else if (active && (event.key === "Enter" || event.key === " ")) actions.pick(active.id);
  else return;
  event.preventDefault();
}

function activate(item) {
  if (!item) return;
  active?.element.classList.remove("active");
  active = item;
  active.element.classList.add("active");
  map.setAttribute("aria-activedescendant", active.element.id);
  actions.showThumbnail(active);
}
