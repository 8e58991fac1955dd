// Recordings that reach back to before they were wanted.
//
// A recorder cannot look back, and a film cannot be cut at its front without its first key frame.
// So one recorder after another begins while nothing is said, and the one before is kept until the
// newest has run long enough itself.

export const LOOK_BACK_SECONDS = 0.8;

export class RollingRecorder {
  #begin;
  #takes = [];

  // `begin` starts a recorder and returns what stops it and gives its film.
  constructor(begin) {
    this.#begin = begin;
  }

  // To be called often while nothing is said.
  roll(seconds) {
    const newest = this.#takes.at(-1);
    if (newest && seconds - newest.since < LOOK_BACK_SECONDS) return;
    this.#takes.push({ since: seconds, stop: this.#begin() });
    if (this.#takes.length > 2) this.#takes.shift().stop();
  }

  // Whether what is wanted now would have its beginning.
  reachesBack(seconds) {
    return this.#takes.length > 0 && seconds - this.#takes[0].since >= LOOK_BACK_SECONDS;
  }

  // From here on all is wanted: the recorder that reaches back furthest goes on alone.
  hold() {
    this.#takes.splice(1).forEach(({ stop }) => stop());
  }

  finish() {
    this.hold();
    return this.#takes.pop().stop();
  }

  drop() {
    this.#takes.splice(0).forEach(({ stop }) => stop());
  }
}
