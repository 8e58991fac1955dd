// How large a strip may be to arrive in time, estimated from the last ones.

const MIN_SIDE = 16;
const NEWEST_WEIGHT = 0.4;
let pixelsPerMillisecond = 500;

export function learnSpeed({ picture }, milliseconds) {
  const speed = (picture.width * picture.height) / Math.max(1, milliseconds);
  pixelsPerMillisecond += NEWEST_WEIGHT * (speed - pixelsPerMillisecond);
}

// The longer side, in px, of a strip that takes about this time.
export function sideFor(milliseconds, { height, width }, numFrames, maxSide) {
  const aspect = Math.min(height, width) / Math.max(height, width);
  const side = Math.sqrt((milliseconds * pixelsPerMillisecond) / (numFrames * aspect));
  return Math.round(Math.min(maxSide, Math.max(MIN_SIDE, side)));
}
