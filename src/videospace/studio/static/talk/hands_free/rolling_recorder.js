// Recordings that start before the movement that triggers them.
//
// A recorder cannot look back, and the start of a video cannot be cut off without its key frame. So
// recorders start one after another while the lips rest, and each is kept until the next one has run
// long enough.

export const LOOK_BACK_SECONDS = 0.8;

export class RollingRecorder {
  #begin;
  #recorders = [];

  // `begin` starts a recorder and returns its upload and `stop`, which stops it and returns the video.
  constructor(begin) {
    this.#begin = begin;
  }

  // Call this often while the lips rest.
  update(seconds) {
    const newest = this.#recorders.at(-1);
    if (newest && seconds - newest.since < LOOK_BACK_SECONDS) return;
    this.#recorders.push({ since: seconds, ...this.#begin() });
    if (this.#recorders.length > 2) this.#recorders.shift().stop();
  }

  // Whether a recording that is wanted now would include the time before.
  hasLookBack(seconds) {
    return this.#recorders.length > 0 && seconds - this.#recorders[0].since >= LOOK_BACK_SECONDS;
  }

  // Stops all recorders but the oldest, and begins to send that.
  keepOldest() {
    this.#recorders.splice(1).forEach(({ stop }) => stop());
    this.#recorders[0].upload.start();
  }

  // Stops the oldest recorder. Returns a promise of its video, and its upload.
  finish() {
    this.#recorders.splice(1).forEach(({ stop }) => stop());
    const { stop, upload } = this.#recorders.pop();
    return { video: stop(), upload };
  }

  discard() {
    this.#recorders.splice(0).forEach(({ stop }) => stop());
  }
}
