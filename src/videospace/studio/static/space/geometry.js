// Geometry of the map, in px: the item near a pointer, and the position on a path.

export function nearestItem(at, items, maxDistance) {
  let [nearest, least] = [null, maxDistance];
  for (const item of items) {
    const distance = Math.hypot(item.px.x - at.x, item.px.y - at.y);
    if (distance < least) [nearest, least] = [item, distance];
  }
  return nearest;
}

// The nearest position on a path of straight pieces: how far along the path it is, and its distance.
export function nearestOnPath(at, path) {
  let found = { ratio: 0, distance: Infinity };
  for (let index = 0; index + 1 < path.length; index += 1) {
    const [start, end] = [path[index], path[index + 1]];
    const [dx, dy] = [end.x - start.x, end.y - start.y];
    const length = dx * dx + dy * dy;
    const fraction = length ? ((at.x - start.x) * dx + (at.y - start.y) * dy) / length : 0;
    const inside = Math.min(1, Math.max(0, fraction));
    const distance = Math.hypot(start.x + inside * dx - at.x, start.y + inside * dy - at.y);
    if (distance < found.distance) found = { ratio: (index + inside) / (path.length - 1), distance };
  }
  return found;
}

// The next item in a direction: a near one that is not too far to the side.
export function itemTowards(from, items, [dx, dy]) {
  let [next, least] = [from, Infinity];
  for (const item of items) {
    const [x, y] = [item.px.x - from.px.x, item.px.y - from.px.y];
    const forward = x * dx + y * dy;
    const cost = (x * x + y * y) / forward;
    if (forward > 0.5 && cost < least) [next, least] = [item, cost];
  }
  return next;
}

// Two items that are far apart: the one farthest from the middle, and the one farthest from it.
export function farApart(items) {
  const mean = [0, 1].map((axis) => items.reduce((sum, item) => sum + item.map_xy[axis], 0) / items.length);
  const distance = ([x, y], [otherX, otherY]) => Math.hypot(x - otherX, y - otherY);
  const farthest = (from) => items.reduce((best, item) => (
    distance(item.map_xy, from) > distance(best.map_xy, from) ? item : best));
  const first = farthest(mean);
  return [first, farthest(first.map_xy)];
}

// Whether a line that is closed from its end to its start goes around a point.
export function isInside({ x, y }, loop) {
  let turns = 0;
  loop.forEach((from, index) => {
    const to = loop[(index + 1) % loop.length];
    const side = (to.x - from.x) * (y - from.y) - (x - from.x) * (to.y - from.y);
    if (from.y <= y && to.y > y && side > 0) turns += 1;
    if (from.y > y && to.y <= y && side < 0) turns -= 1;
  });
  return turns !== 0;
}
