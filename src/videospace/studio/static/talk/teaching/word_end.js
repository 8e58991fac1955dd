// Waits until the lips have moved and rest again, so that a recording ends with its word.

import { LipMotion } from "../hands_free/lip_motion.js";
import { MouthPictures } from "../hands_free/mouth_pictures.js";
import { pause } from "../../shared/dom.js";

const POLL_MILLISECONDS = 60;
// The studio looks more closely: where no movement is seen here, it gets what a word takes.
const SECONDS_WITHOUT_MOVEMENT = 4;
const LONGEST_SECONDS = 8;

// Begin to watch before the recording, so that the mouth at rest is known.
export function watchLips() {
  const [motion, pictures] = [new LipMotion(), new MouthPictures()];
  let [state, isStopped] = ["rest", false];

  async function follow() {
    while (!isStopped) {
      const next = pictures.next();
      if (next?.isElsewhere) motion.forgetPicture();
      if (next) state = motion.step(next.picture, performance.now() / 1000);
      if (state === "begin") begun = true;
      if (begun && (state === "end" || state === "tooLong")) ended = true;
      await pause(POLL_MILLISECONDS);
    }
  }

  let [begun, ended] = [false, false];
  const following = follow();

  // Resolves when the word has ended, at the latest after some seconds.
  async function wordEnd() {
    if (ended) begun = false; // a movement before the recording
    ended = false;
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    while (!ended && seconds() < (begun ? LONGEST_SECONDS : SECONDS_WITHOUT_MOVEMENT)) await pause(POLL_MILLISECONDS);
  }

  async function stop() {
    isStopped = true;
    await following;
  }
  return { wordEnd, stop };
}
