// How large a strip may be to arrive in time. A line is fitted to the times of the last strips by
// least squares: a fixed time for every strip, and a time for each pixel.

const MIN_SIDE = 16;
const NEWEST_WEIGHT = 0.4;
const MAX_SIZES = 8;
const FIRST_GUESS = [{ pixels: 0, milliseconds: 10 }, { pixels: 50_000, milliseconds: 110 }];
// The mean time of each size of strip, the one measured last at the end. Sizes are kept apart, so
// that a long drag at one size does not push out the others, without which no line can be fitted.
const measured = new Map();

export function learnSpeed(pixels, milliseconds) {
  const before = measured.get(pixels) ?? milliseconds;
  measured.delete(pixels);
  measured.set(pixels, before + NEWEST_WEIGHT * (milliseconds - before));
  if (measured.size > MAX_SIZES) measured.delete(measured.keys().next().value);
}

export function forgetSpeed() {
  measured.clear();
}

// The fixed milliseconds of a strip, and the milliseconds of each pixel.
export function fittedSpeed() {
  const points = [...measured].map(([pixels, milliseconds]) => ({ pixels, milliseconds }));
  const used = points.length > 1 ? points : [...FIRST_GUESS, ...points];
  const mean = (value) => used.reduce((sum, point) => sum + value(point), 0) / used.length;
  const [x, y] = [mean((point) => point.pixels), mean((point) => point.milliseconds)];
  const spread = mean((point) => (point.pixels - x) ** 2);
  const slope = mean((point) => (point.pixels - x) * (point.milliseconds - y)) / spread;
  const perPixel = Math.min(Math.max(slope, 1e-6), y / x); // neither part is negative
  return { fixed: y - perPixel * x, perPixel };
}

// The longer side, in px, of a strip that takes about this time. Where the fixed time alone takes
// most of it, the pixels may take half as long again: smaller pictures would hardly be faster.
export function sideFor(milliseconds, { height, width }, numFrames, maxSide) {
  const { fixed, perPixel } = fittedSpeed();
  const pixels = Math.max(milliseconds - fixed, fixed / 2) / perPixel;
  const aspect = Math.min(height, width) / Math.max(height, width);
  const side = Math.sqrt(pixels / (numFrames * aspect));
  return Math.round(Math.min(maxSide, Math.max(MIN_SIDE, side)));
}
