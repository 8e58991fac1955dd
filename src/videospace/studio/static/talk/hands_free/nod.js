// Detects a nod: the head moves down and up again, or up and down.

import { SIDE } from "./mouth_changes.js";

export const NOD = {
  // A picture is compared with one this long before.
  lagSeconds: 0.12,
  // A shift by fewer px of the picture of 64 px is none.
  smallestShift: 0.9,
  longestShift: 8,
  // From one direction to the other.
  longestSeconds: 1,
};
const MOUTH = [Math.round(0.36 * SIDE), Math.round(0.64 * SIDE)];
const LINES = [...Array(SIDE).keys()];

export class Nod {
  #past = [];
  #last = null; // the last shift: { direction, seconds }

  // Takes a picture and its time, and returns whether it ends a nod.
  step(picture, seconds) {
    const found = { seconds, rows: profileOf(picture, SIDE, 1), columns: profileOf(picture, 1, SIDE) };
    this.#past.push(found);
    while (this.#past.length > 2 && seconds - this.#past[1].seconds >= NOD.lagSeconds) this.#past.shift();
    const [before] = this.#past;
    if (before === found) return false;
    const down = shiftOf(before.rows, found.rows);
    const across = shiftOf(before.columns, found.columns);
    if (Math.abs(down) < NOD.smallestShift || Math.abs(down) < 1.5 * Math.abs(across)) return false;
    const isNod = this.#last !== null && this.#last.direction !== Math.sign(down) && seconds - this.#last.seconds < NOD.longestSeconds;
    this.#last = isNod ? null : { direction: Math.sign(down), seconds };
    return isNod;
  }
}

// The mean gray level of each row or column, without the mouth, which moves on its own.
function profileOf(picture, across, along) {
  return LINES.map((line) => {
    let sum = 0;
    let count = 0;
    for (const at of LINES) {
      if (at >= MOUTH[0] && at < MOUTH[1]) continue;
      sum += picture[line * across + at * along];
      count += 1;
    }
    return sum / count;
  });
}

// How far a profile moved in px, with fractions; 0 if no shift explains the change.
function shiftOf(past, present) {
  const costs = [];
  for (let shift = -NOD.longestShift; shift <= NOD.longestShift; shift += 1) costs.push(costOf(past, present, shift));
  const best = costs.indexOf(Math.min(...costs));
  const still = costs[NOD.longestShift];
  if (costs[best] > 0.5 * still || still < 0.3) return 0;
  return best - NOD.longestShift;
}

// The mean difference, without a change of brightness that is the same everywhere.
function costOf(past, present, shift) {
  const lines = LINES.slice(NOD.longestShift, SIDE - NOD.longestShift);
  const differences = lines.map((line) => present[line] - past[line - shift]);
  const level = differences.reduce((sum, each) => sum + each, 0) / lines.length;
  return differences.reduce((sum, each) => sum + Math.abs(each - level), 0) / lines.length;
}
