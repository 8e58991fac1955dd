// Waits after a recording until the lips rest, because a video that ends in a movement is hard to read.

import { LipMotion } from "./lip_motion.js";
import { MouthPictures } from "./mouth_pictures.js";

const POLL_MILLISECONDS = 40;
// Waited for lips that move, or whose movement was not seen.
const LONGEST_MILLISECONDS = 200;
const RESTED_SECONDS = 0.16;

// Watches the lips from now on. Returns a function that resolves when they rest: at once if they
// moved and already rest.
export function watchForRest() {
  const [motion, pictures] = [new LipMotion(), new MouthPictures()];
  const timer = setInterval(look, POLL_MILLISECONDS);
  let whenRested = null;

  function look() {
    const next = pictures.next();
    if (!next) return;
    if (next.isElsewhere) motion.forgetPicture();
    motion.step(next.picture, performance.now() / 1000);
    if (whenRested && hasRested()) whenRested();
  }

  const hasRested = () => motion.restedSince !== null && performance.now() / 1000 - motion.restedSince >= RESTED_SECONDS;

  return async () => {
    if (!hasRested()) {
      await new Promise((resolve) => {
        whenRested = resolve;
        setTimeout(resolve, LONGEST_MILLISECONDS);
      });
    }
    clearInterval(timer);
  };
}
