// Two fingers on the map enlarge it and move it.

import { moveBy, zoomAround } from "./view.js";

const fingers = new Map(); // where they are, in px, by pointer

export const isPinching = () => fingers.size > 1;

export function putFinger({ pointerId, pointerType }, at) {
  if (pointerType === "touch") fingers.set(pointerId, at);
}

export function liftFinger({ pointerId }) {
  fingers.delete(pointerId);
}

// Follows a finger; returns whether the map has moved.
export function moveFinger({ pointerId }, at, size) {
  if (!isPinching() || !fingers.has(pointerId)) return false;
  const before = between();
  fingers.set(pointerId, at);
  const after = between();
  zoomAround(before, after.distance / before.distance, size);
  moveBy(after.x - before.x, after.y - before.y, size);
  return true;
}

// The point between the first two fingers, and how far apart they are.
function between() {
  const [one, other] = fingers.values();
  const distance = Math.max(1, Math.hypot(one.x - other.x, one.y - other.y));
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, distance };
}
