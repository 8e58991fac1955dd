// Detects lip movements: the mouth changes more than it does at rest.

import { mouthChanges, align, matchBrightness } from "./mouth_changes.js";

export const SETTINGS = {
  // A movement starts if the change exceeds the change at rest by this many spreads plus this many
  // gray levels. It continues as long as the change exceeds this fraction of that threshold.
  spreads: 4,
  levels: 1.2,
  fractionToContinue: 0.6,
  secondsToBegin: 0.12,
  // Longer than the rest of 0.5 s that ends a word on the server.
  secondsToEnd: 0.7,
  longestSeconds: 6,
  // Weight of the ring's motion, which is subtracted from the mouth's; blur makes it look smaller.
  ringWeight: 2,
  // Time constants with which the level at rest rises and falls.
  riseSeconds: 1.5,
  fallSeconds: 1,
  // A picture is compared with one this long before; after a longer gap, with none.
  lagSeconds: 0.12,
  longestGapSeconds: 1,
};

export class LipMotion {
  #settings;
  #past = []; // pictures since the one to compare with, oldest first
  #rest = null; // at rest: the change of the mouth and its spread in gray levels, the motion of the ring in px
  #began = null;
  #movedAt = null;
  #candidateSince = null;
  // The last motion of the mouth, over the one that begins a movement: 1 and more begins one.
  level = 0;
  // How far the head moved in the last picture, in px.
  headShift = 0;

  constructor(settings = {}) {
    this.#settings = { ...SETTINGS, ...settings };
  }

  // How much smaller a movement begins a recording, from now on.
  set sensitivity(factor) {
    this.#settings = { ...this.#settings, spreads: SETTINGS.spreads / factor, levels: SETTINGS.levels / factor };
  }

  // Since when the lips rest after a movement, in seconds; null if they have not moved.
  get restedSince() {
    return this.#movedAt;
  }

  // Call this if the mouth moved to another position in the camera's picture.
  forgetPicture() {
    this.#past = [];
    this.#began = this.#candidateSince = null;
  }

  // Takes a picture and its time. Returns "rest", "begin" once, "moving", "end" once, or "tooLong"
  // once if the movement is too long for a word.
  step(picture, seconds) {
    const { lagSeconds, longestGapSeconds, levels, ringWeight } = this.#settings;
    const passed = seconds - (this.#past.at(-1)?.seconds ?? seconds);
    if (passed > longestGapSeconds) this.forgetPicture();
    this.#past.push({ picture: Float32Array.from(picture), seconds });
    if (this.#past.length === 1) return "rest";
    while (this.#past.length > 2 && seconds - this.#past[1].seconds > lagSeconds) this.#past.shift();
    const past = matchBrightness(picture, this.#past[0].picture);
    let change = mouthChanges(past, picture);
    this.#rest ??= { mouth: change.mouth, spread: 0, ring: change.ring };
    if (change.mouth > this.#rest.mouth + levels) change = mouthChanges(align(past, picture), picture);
    const { mouth, texture, ring } = change;
    const whole = ringWeight * Math.max(0, ring - this.#rest.ring) * texture;
    const excess = mouth - whole - this.#rest.mouth;
    this.level = Math.max(0, excess / this.#threshold());
    this.headShift = Math.max(0, ring - this.#rest.ring);
    if (this.#began !== null) return this.#inMotion(excess, seconds);
    const state = this.#atRest(excess, seconds);
    if (this.#candidateSince === null) this.#learn(excess, ring, passed);
    return state;
  }

  #threshold() {
    return this.#settings.spreads * this.#rest.spread + this.#settings.levels;
  }

  #atRest(excess, seconds) {
    if (excess <= this.#threshold()) {
      this.#candidateSince = null;
      return "rest";
    }
    this.#candidateSince ??= seconds;
    if (seconds - this.#candidateSince < this.#settings.secondsToBegin) return "rest";
    this.#began = this.#movedAt = seconds;
    return "begin";
  }

  #inMotion(excess, seconds) {
    const { fractionToContinue, secondsToEnd, longestSeconds } = this.#settings;
    if (excess > fractionToContinue * this.#threshold()) this.#movedAt = seconds;
    const isTooLong = seconds - this.#began > longestSeconds;
    if (seconds - this.#movedAt < secondsToEnd && !isTooLong) return "moving";
    this.#began = this.#candidateSince = null;
    if (!isTooLong) return "end";
    this.#rest.mouth += Math.max(0, excess); // this movement counts as rest from now on
    this.#rest.spread += Math.max(0, excess) / 2;
    return "tooLong";
  }

  #learn(excess, ring, passed) {
    const { riseSeconds, fallSeconds } = this.#settings;
    const fraction = 1 - Math.exp(-passed / (excess > 0 ? riseSeconds : fallSeconds));
    this.#rest.mouth += fraction * excess;
    this.#rest.spread += fraction * (Math.abs(excess) - this.#rest.spread);
    this.#rest.ring += fraction * (ring - this.#rest.ring);
  }
}
