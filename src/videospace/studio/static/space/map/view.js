// The part of the map that is shown: how many times it is enlarged, and where its corner is, in px.

const MAX_ZOOM = 100;
const EDGE_PX = 30;
let [zoom, left, top] = [1, 0, 0];

export const zoomNow = () => zoom;
export const inView = ({ x, y }) => ({ x: left + zoom * x, y: top + zoom * y });

export function showWhole() {
  [zoom, left, top] = [1, 0, 0];
}

// Enlarges the map around a point, which stays where it is.
export function zoomAround({ x, y }, factor, size) {
  const next = Math.min(MAX_ZOOM, Math.max(1, zoom * factor));
  [left, top] = [x - (next / zoom) * (x - left), y - (next / zoom) * (y - top)];
  zoom = next;
  moveBy(0, 0, size);
}

// The map never leaves an edge of its frame uncovered.
export function moveBy(dx, dy, { width, height }) {
  left = Math.min(0, Math.max(width * (1 - zoom), left + dx));
  top = Math.min(0, Math.max(height * (1 - zoom), top + dy));
}

// Moves the map so that a point of the screen is inside its frame; returns whether it had to.
export function reveal({ x, y }, size) {
  const outside = (at, length) => Math.min(0, at - EDGE_PX) + Math.max(0, at - length + EDGE_PX);
  const [dx, dy] = [-outside(x, size.width), -outside(y, size.height)];
  if (zoom === 1 || (!dx && !dy)) return false;
  moveBy(dx, dy, size);
  return true;
}
