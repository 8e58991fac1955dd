// Where a pointer is among points, and on a way of straight pieces; all places in pixels.

export function nearestPoint(at, points, reach) {
  let [nearest, least] = [null, reach];
  for (const point of points) {
    const distance = Math.hypot(point.px.x - at.x, point.px.y - at.y);
    if (distance < least) [nearest, least] = [point, distance];
  }
  return nearest;
}

// The place on a way that is nearest: how far along it lies, and how near.
export function nearestOnWay(at, way) {
  let found = { ratio: 0, distance: Infinity };
  for (let index = 0; index + 1 < way.length; index += 1) {
    const [start, end] = [way[index], way[index + 1]];
    const [dx, dy] = [end.x - start.x, end.y - start.y];
    const length = dx * dx + dy * dy;
    const share = length ? ((at.x - start.x) * dx + (at.y - start.y) * dy) / length : 0;
    const inside = Math.min(1, Math.max(0, share));
    const distance = Math.hypot(start.x + inside * dx - at.x, start.y + inside * dy - at.y);
    if (distance < found.distance) found = { ratio: (index + inside) / (way.length - 1), distance };
  }
  return found;
}

// The next point in a direction: near, and not too far aside.
export function pointTowards(from, points, [dx, dy]) {
  let [next, least] = [from, Infinity];
  for (const point of points) {
    const [x, y] = [point.px.x - from.px.x, point.px.y - from.px.y];
    const forward = x * dx + y * dy;
    const cost = (x * x + y * y) / forward;
    if (forward > 0.5 && cost < least) [next, least] = [point, cost];
  }
  return next;
}
