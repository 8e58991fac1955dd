// The map: a mark for each item, the path between two of them, and the handle on the path.

import { byId, onClick } from "../../shared/dom.js";
import { colorOf } from "./coloring.js";
import { isInside, nearestOnPath, nearestItem, itemTowards } from "../geometry.js";
import { endLoop, extendLoop, isSelecting, startLasso } from "./lasso.js";
import { drawPictures } from "./pictures.js";
import { isPinching, liftFinger, moveFinger, putFinger } from "./pinch.js";
import { placeOf } from "./projection.js";
import { isSelected, onSelection, select, selectAlso, toggleSelected } from "./selection.js";
import { inView, moveBy, reveal, showWhole, zoomAround, zoomNow } from "./view.js";
import { gettext } from "../../shared/words.js";

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { clip: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z", sample: "M0-8 8 0 0 8-8 0Z", video: "M0-9 9 7-9 7Z" };
const MARGIN_PX = 30;
const REACH_PX = 26;
const ZOOM_STEP = 1.6;
const WHEEL_ZOOM = 0.01;
const DRAG_AFTER_PX = 5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const map = byId("map");
let actions = {};
let items = [];
let ends = { start: null, end: null, path: [], pathPx: [], ratio: 0 };
let active = null;
let isFound = () => true;
let gesture = null; // of the pointer that is down: { kind, from, at, hasMoved, adds }
let wasDrag = false; // whether the pointer had moved when it was released
let size = { width: 0, height: 0 };
let toPx = ([x, y]) => ({ x, y });

// Calls pick(id), showThumbnail(item or null) and drag(ratio) when the user does something.
export function startMap(given) {
  actions = given;
  new ResizeObserver(layout).observe(map);
  startLasso();
  onSelection(recolor);
  map.addEventListener("pointerdown", press);
  map.addEventListener("pointermove", move);
  map.addEventListener("pointerup", release);
  map.addEventListener("pointercancel", (event) => {
    liftFinger(event);
    cancel();
  });
  map.addEventListener("click", click);
  map.addEventListener("wheel", turnWheel, { passive: false });
  onClick("zoom-in", () => zoom(ZOOM_STEP));
  onClick("zoom-out", () => zoom(1 / ZOOM_STEP));
  onClick("zoom-all", () => zoom(0));
  map.addEventListener("pointerleave", () => actions.showThumbnail(null));
  map.addEventListener("keydown", key);
  map.addEventListener("focus", () => map.matches(":focus-visible") && activate(active ?? items[0]));
  map.addEventListener("blur", () => actions.showThumbnail(null));
}

export function drawItems(all) {
  items = all.map((item, index) => ({ ...item, element: markOf(item, index) }));
  byId("marks").replaceChildren(...items.map((item) => item.element));
  active = null;
  map.removeAttribute("aria-activedescendant");
  recolor();
  layout();
}

// Shows the whole map, without pictures of another space.
export function resetMap() {
  zoom(0);
}

// Gives every mark its classes and its name.
export function recolor() {
  for (const item of items) {
    const { color, words } = colorOf(item);
    const states = [isSelected(item) && "chosen", !isFound(item) && "faded", item === active && "active"];
    item.element.setAttribute("class", ["mark", item.kind, color, ...states].filter(Boolean).join(" "));
    const name = words === null ? item.name : `${item.name}: ${words}`;
    item.element.setAttribute("aria-label", isSelected(item) ? gettext("{clip}, selected", { clip: name }) : name);
  }
}

// Fades the marks of items that are not found.
export function fadeOthers(found) {
  isFound = found;
  recolor();
}

export function showItem({ id }) {
  activate(items.find((item) => item.id === id));
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

// To be called when the items have other places.
export function layout() {
  const { width, height } = map.getBoundingClientRect();
  if (!width || !items.length) return;
  size = { width, height };
  moveBy(0, 0, size);
  map.setAttribute("viewBox", `0 0 ${width} ${height}`);
  map.classList.toggle("zoomed", zoomNow() > 1);
  byId("zoom-out").disabled = byId("zoom-all").disabled = zoomNow() === 1;
  const scaled = (axis, length) => {
    const values = items.map((item) => placeOf(item)[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = high > low ? (length - 2 * MARGIN_PX) / (high - low) : 0;
    return (value) => (scale ? MARGIN_PX + (value - low) * scale : length / 2);
  };
  const [across, up] = [scaled(0, width), scaled(1, height)];
  toPx = ([x, y]) => inView({ x: across(x), y: height - up(y) });
  for (const item of items) {
    item.px = toPx(placeOf(item));
    item.element.setAttribute("transform", `translate(${item.px.x} ${item.px.y})`);
  }
  layoutEnds();
  layoutPictures();
}

// A picture of A and of B takes precedence over the others.
export function layoutPictures() {
  const isEnd = ({ id }) => id === ends.start || id === ends.end;
  const first = items.filter(isEnd);
  drawPictures([...first, ...items.filter((item) => !isEnd(item))], size, layoutPictures);
}

function zoom(factor, at = { x: size.width / 2, y: size.height / 2 }) {
  const focused = document.activeElement;
  if (factor) zoomAround(at, factor, size);
  else showWhole();
  layout();
  if (focused.disabled) byId("zoom-in").focus(); // a disabled button would lose the focus
}

function turnWheel(event) {
  if (!event.ctrlKey) return; // without it, the page scrolls
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * WHEEL_ZOOM), pixel(event));
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
  putFinger(event, at);
  if (isPinching()) cancel();
  if (!event.isPrimary || event.button !== 0) return;
  gesture = { kind: gestureOf(event, at), from: at, at, hasMoved: false, adds: event.shiftKey };
  if (gesture.kind === "slide") startDrag(event);
}

// What a drag that begins here does.
function gestureOf(event, at) {
  if (isSelecting(event)) return "loop";
  const position = nearestOnPath(at, ends.pathPx);
  const handle = along(ends.pathPx, ends.ratio);
  const isOnHandle = handle && Math.hypot(handle.x - at.x, handle.y - at.y) < REACH_PX;
  const isOnPath = position.distance < REACH_PX && !nearestItem(at, items, REACH_PX);
  if (isOnHandle || isOnPath) return "slide";
  return zoomNow() > 1 ? "pan" : "none";
}

function startDrag(event) {
  gesture.hasMoved = true;
  if (gesture.kind === "loop") extendLoop(gesture.from);
  map.setPointerCapture(event.pointerId);
  actions.showThumbnail(null);
}

function move(event) {
  if (moveFinger(event, pixel(event), size)) layout();
  if (!event.isPrimary || isPinching()) return;
  if (gesture && !event.buttons) cancel(); // let go outside the map
  if (!gesture || gesture.kind === "none") {
    if (event.pointerType !== "touch") actions.showThumbnail(nearestItem(pixel(event), items, REACH_PX));
    return;
  }
  const to = pixel(event);
  const { kind, from, at, hasMoved } = gesture;
  if (!hasMoved && Math.hypot(to.x - from.x, to.y - from.y) < DRAG_AFTER_PX) return;
  if (!hasMoved) startDrag(event);
  if (kind === "slide") actions.drag(nearestOnPath(to, ends.pathPx).ratio);
  else if (kind === "loop") extendLoop(to);
  else {
    moveBy(to.x - at.x, to.y - at.y, size);
    layout();
  }
  gesture.at = to;
}

// A touch that moved ends without a click, so a drag ends here.
function release(event) {
  liftFinger(event);
  if (!event.isPrimary) return;
  wasDrag = gesture?.hasMoved ?? true;
  const loop = endLoop();
  if (loop.length) {
    const inside = items.filter((item) => isFound(item) && isInside(item.px, loop)).map(({ id }) => id);
    (gesture.adds ? selectAlso : select)(inside);
  }
  gesture = null;
}

function cancel() {
  endLoop();
  gesture = null;
}

function click(event) {
  const item = nearestItem(pixel(event), items, REACH_PX);
  const isPress = !wasDrag;
  wasDrag = false;
  if (!item || !isPress) return;
  if (isSelecting(event)) toggleSelected(item.id);
  else actions.pick(item.id);
}

function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") {
    cancel();
    actions.showThumbnail(null);
  } else if (ARROWS[event.key]) activate(itemTowards(active ?? items[0], items, ARROWS[event.key]));
  else if (event.key === "Home") activate(items[0]);
  else if (event.key === "End") activate(items.at(-1));
  else if (event.key === "+" || event.key === "=") zoom(ZOOM_STEP, active?.px);
  else if (event.key === "-") zoom(1 / ZOOM_STEP, active?.px);
  else if (event.key === "0") zoom(0);
  else if (active && (event.key === "Enter" || event.key === " ")) actions.pick(active.id);
  else if (active && event.key.toLowerCase() === "s") toggleSelected(active.id);
  else return;
  event.preventDefault();
}

function activate(item) {
  if (!item) return;
  active?.element.classList.remove("active");
  active = item;
  active.element.classList.add("active");
  map.setAttribute("aria-activedescendant", active.element.id);
  if (reveal(active.px, size)) layout();
  actions.showThumbnail(active);
}
