// Whether lips move: how much the mouth changes, compared with how restless it is at rest.

import { changes, holdStill, inLightOf } from "./comparing.js";

export const SETTINGS = {
  // A movement begins so many spreads above the rest, and so many gray levels besides; it goes on
  // above a share of that.
  spreads: 4,
  levels: 1.2,
  shareToGoOn: 0.6,
  secondsToBegin: 0.12,
  // The server takes a rest of 0.5 s for the end of a word.
  secondsToEnd: 0.7,
  longestSeconds: 6,
  // How much of the ring's motion counts against the mouth's: a ring that blurs shows too little.
  trust: 2,
  // How quickly a more restless mouth, and a calmer one, is taken for its rest.
  wilderSeconds: 1.5,
  calmerSeconds: 1,
  // A picture is compared with one so long before; after a longer gap, with none.
  lagSeconds: 0.12,
  longestGapSeconds: 1,
};

export class LipMotion {
  #settings;
  #past = []; // pictures, the oldest first, back to the one that is compared with
  #rest = null; // how the mouth changes at rest, and by how much that varies, in gray levels; the ring, in px
  #began = null;
  #movedAt = 0;
  #soFar = null;

  constructor(settings = {}) {
    this.#settings = { ...SETTINGS, ...settings };
  }

  // The mouth has another place in the camera's picture: what was seen before cannot be compared.
  forgetPicture() {
    this.#past = [];
    this.#began = this.#soFar = null;
  }

  // Takes a picture and the seconds at which it was made; tells "rest", "begin" once, "moving",
  // "end" once, or "endless" once where what began is too long for a word.
  step(picture, seconds) {
    const { lagSeconds, longestGapSeconds, levels, trust } = this.#settings;
    const passed = seconds - (this.#past.at(-1)?.seconds ?? seconds);
    if (passed > longestGapSeconds) this.forgetPicture();
    this.#past.push({ picture: Float32Array.from(picture), seconds });
    if (this.#past.length === 1) return "rest";
    while (this.#past.length > 2 && seconds - this.#past[1].seconds > lagSeconds) this.#past.shift();
    const past = inLightOf(picture, this.#past[0].picture);
    let seen = changes(past, picture);
    this.#rest ??= { mouth: seen.mouth, spread: 0, ring: seen.ring };
    if (seen.mouth > this.#rest.mouth + levels) seen = changes(holdStill(past, picture), picture);
    const { mouth, texture, ring } = seen;
    const whole = trust * Math.max(0, ring - this.#rest.ring) * texture;
    const excess = mouth - whole - this.#rest.mouth;
    if (this.#began !== null) return this.#inMotion(excess, seconds);
    const state = this.#atRest(excess, seconds);
    if (this.#soFar === null) this.#learn(excess, ring, passed);
    return state;
  }

  #threshold() {
    return this.#settings.spreads * this.#rest.spread + this.#settings.levels;
  }

  #atRest(excess, seconds) {
    if (excess <= this.#threshold()) {
      this.#soFar = null;
      return "rest";
    }
    this.#soFar ??= seconds;
    if (seconds - this.#soFar < this.#settings.secondsToBegin) return "rest";
    this.#began = this.#movedAt = seconds;
    return "begin";
  }

  #inMotion(excess, seconds) {
    const { shareToGoOn, secondsToEnd, longestSeconds } = this.#settings;
    if (excess > shareToGoOn * this.#threshold()) this.#movedAt = seconds;
    const isEndless = seconds - this.#began > longestSeconds;
    if (seconds - this.#movedAt < secondsToEnd && !isEndless) return "moving";
    this.#began = this.#soFar = null;
    if (!isEndless) return "end";
    this.#rest.mouth += Math.max(0, excess); // so this is how the mouth rests
    this.#rest.spread += Math.max(0, excess) / 2;
    return "endless";
  }

  #learn(excess, ring, passed) {
    const { wilderSeconds, calmerSeconds } = this.#settings;
    const share = 1 - Math.exp(-passed / (excess > 0 ? wilderSeconds : calmerSeconds));
    this.#rest.mouth += share * excess;
    this.#rest.spread += share * (Math.abs(excess) - this.#rest.spread);
    this.#rest.ring += share * (ring - this.#rest.ring);
  }
}
