// The map: clips as marks, the way between two of them, and the handle that is dragged along it.

import { byId } from "../dom.js";
import { nearestOnWay, nearestPoint, pointTowards } from "./geometry.js";

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = { clip: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0Z", sample: "M0-8 8 0 0 8-8 0Z", video: "M0-9 9 7-9 7Z" };
const MARGIN_PX = 30;
const REACH_PX = 26;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const map = byId("map");
let act = {};
let points = [];
let ends = { start: null, end: null, way: [], wayPx: [], ratio: 0 };
let active = null;
let dragging = false;
let toPx = ({ x, y }) => ({ x, y });

// What happens on the map is told by calling pick(id), peek(point or null) and drag(ratio).
export function startMap(acts) {
  act = acts;
  new ResizeObserver(layout).observe(map);
  map.addEventListener("pointermove", move);
  map.addEventListener("pointerdown", press);
  map.addEventListener("click", release);
  map.addEventListener("pointercancel", () => { dragging = false; });
  map.addEventListener("pointerleave", () => !dragging && act.peek(null));
  map.addEventListener("keydown", key);
  map.addEventListener("focus", () => map.matches(":focus-visible") && activate(active ?? points[0]));
  map.addEventListener("blur", () => act.peek(null));
}

export function drawPoints(all) {
  points = all.map((point, index) => ({ ...point, element: markOf(point, index) }));
  byId("marks").replaceChildren(...points.map((point) => point.element));
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
  return mark;
}

function layout() {
  const { width, height } = map.getBoundingClientRect();
  if (!width || !points.length) return;
  map.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const scaled = (axis, size) => {
    const values = points.map((point) => point[axis]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const scale = high > low ? (size - 2 * MARGIN_PX) / (high - low) : 0;
    return (value) => (scale ? MARGIN_PX + (value - low) * scale : size / 2);
  };
  const [across, up] = [scaled("x", width), scaled("y", height)];
  toPx = ({ x, y }) => ({ x: across(x), y: height - up(y) });
  for (const point of points) {
    point.px = toPx(point);
    point.element.setAttribute("transform", `translate(${point.px.x} ${point.px.y})`);
  }
  layoutEnds();
}

function layoutEnds() {
  const way = ends.way.map(([x, y]) => toPx({ x, y }));
  ends.wayPx = way;
  byId("way").setAttribute("points", way.map(({ x, y }) => `${x},${y}`).join(" "));
  for (const point of points) {
    const isEnd = point.id === ends.start || point.id === ends.end;
    point.element.setAttribute("aria-selected", String(isEnd));
  }
  label("mark-start", points.find((point) => point.id === ends.start));
  label("mark-end", points.find((point) => point.id === ends.end));
  const spot = along(way, ends.ratio);
  byId("handle").setAttribute("visibility", spot ? "visible" : "hidden");
  if (spot) byId("handle").setAttribute("transform", `translate(${spot.x} ${spot.y})`);
}

function along(way, ratio) {
  if (!way.length) return null;
  const place = ratio * (way.length - 1);
  const index = Math.min(Math.floor(place), way.length - 2);
  const [one, other, share] = [way[index], way[index + 1], place - index];
  return { x: one.x + share * (other.x - one.x), y: one.y + share * (other.y - one.y) };
}

function label(id, point) {
  byId(id).setAttribute("visibility", point ? "visible" : "hidden");
  if (point) byId(id).setAttribute("transform", `translate(${point.px.x} ${point.px.y - 14})`);
}

function pixel(event) {
  const box = map.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function press(event) {
  const at = pixel(event);
  const place = nearestOnWay(at, ends.wayPx);
  const handle = along(ends.wayPx, ends.ratio);
  const isOnHandle = handle && Math.hypot(handle.x - at.x, handle.y - at.y) < REACH_PX;
  const isOnWay = place.distance < REACH_PX && !nearestPoint(at, points, REACH_PX);
  if (!isOnHandle && !isOnWay) return;
  dragging = true;
  map.setPointerCapture(event.pointerId);
  act.peek(null);
}

// A press that began on the way ends a drag; any other one picks what is there.
function release(event) {
  const point = nearestPoint(pixel(event), points, REACH_PX);
  if (dragging) dragging = false;
  else if (point) act.pick(point.id);
}

function move(event) {
  if (dragging) act.drag(nearestOnWay(pixel(event), ends.wayPx).ratio);
  else if (event.pointerType !== "touch") act.peek(nearestPoint(pixel(event), points, REACH_PX));
}

function key(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") act.peek(null);
  else if (ARROWS[event.key]) activate(pointTowards(active ?? points[0], points, ARROWS[event.key]));
  else if (event.key === "Home") activate(points[0]);
  else if (event.key === "End") activate(points.at(-1));
  else if (active && (event.key === "Enter" || event.key === " ")) act.pick(active.id);
  else return;
  event.preventDefault();
}

function activate(point) {
  if (!point) return;
  active?.element.classList.remove("active");
  active = point;
  active.element.classList.add("active");
  map.setAttribute("aria-activedescendant", active.element.id);
  act.peek(active);
}
