// How large a film may be to come in time, from how long the last ones took.

const LEAST_SIDE = 16;
const NEWEST_COUNTS = 0.4;
let pointsPerMillisecond = 500;

export function learnSpeed({ picture }, milliseconds) {
  const speed = (picture.width * picture.height) / Math.max(1, milliseconds);
  pointsPerMillisecond += NEWEST_COUNTS * (speed - pointsPerMillisecond);
}

// The longer side, in pixels, of a film that takes about so long.
export function sideFor(milliseconds, { height, width }, numFrames, most) {
  const aspect = Math.min(height, width) / Math.max(height, width);
  const side = Math.sqrt((milliseconds * pointsPerMillisecond) / (numFrames * aspect));
  return Math.round(Math.min(most, Math.max(LEAST_SIDE, side)));
}
