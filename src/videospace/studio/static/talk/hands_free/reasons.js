// Why a hands-free recording does not begin, in the words of the page.

import { gettext } from "../../shared/words.js";

export const TEXTS = {
  off: "",
  noCamera: gettext("Waiting for the camera."),
  away: gettext("Waiting until your mouth is visible."),
  paused: gettext("Paused until you choose a word."),
  busy: gettext("Paused while the lips are read."),
  elsewhere: gettext("Paused while another page is open."),
  typing: gettext("Paused while you type."),
  button: gettext("Paused: the button is recording."),
  soon: gettext("Keep your lips still for a moment."),
  rest: gettext("Watching your lips."),
  recording: gettext("Recording until your lips rest."),
  early: gettext("You began before I was ready. Wait for “Watching your lips.”"),
  head: gettext("Your head moves. Hold it still, and mouth the word again."),
  small: gettext("The movement was too small. Open your lips more, or choose a higher sensitivity."),
  tooLong: gettext("That was too long for one word."),
};
const SHOWN_SECONDS = 4;
// A movement of this fraction of the one that is needed was meant as one, after so long.
const SMALL_LEVEL = 0.5;
const SMALL_SECONDS = 0.25;
const HEAD_PX = 0.6;

export class Reasons {
  #kept = null; // { name, until }
  #since = { small: null, head: null };

  // Shows a reason for a while.
  keep(name, seconds) {
    this.#kept = { name, until: seconds + SHOWN_SECONDS };
    return name;
  }

  forget() {
    this.#kept = null;
  }

  // The text while nothing is recorded.
  atRest(motion, isReady, seconds) {
    if (this.#lasts("head", motion.headShift > HEAD_PX, seconds)) this.keep("head", seconds);
    else if (this.#lasts("small", motion.level > SMALL_LEVEL && motion.level < 1, seconds)) this.keep("small", seconds);
    if (this.#kept && seconds < this.#kept.until) return this.#kept.name;
    return isReady ? "rest" : "soon";
  }

  #lasts(name, isSo, seconds) {
    this.#since[name] = isSo ? this.#since[name] ?? seconds : null;
    return isSo && seconds - this.#since[name] > SMALL_SECONDS;
  }
}
