// A countdown after which a confident answer is accepted, unless somebody stops it: by a button, a key,
// a switch, a nod or the lips.

import { byId, onClick, show } from "../../shared/dom.js";
import { LipMotion } from "../hands_free/lip_motion.js";
import { MouthPictures } from "../hands_free/mouth_pictures.js";
import { Nod } from "../hands_free/nod.js";
import { settings } from "../talk_settings.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 50;
const GESTURES = {
  nothing: () => () => false,
  nod: () => {
    const nod = new Nod();
    return (picture, seconds) => nod.step(picture, seconds);
  },
  lips: () => {
    const motion = new LipMotion();
    motion.sensitivity = settings().lip_sensitivity;
    return (picture, seconds) => motion.step(picture, seconds) === "begin";
  },
};
const HOW_TO_STOP = { nothing: "", nod: gettext("Nod to stop it."), lips: gettext("Open your mouth and shut it to stop it.") };

let timer = 0;

export const isCountingDown = () => timer !== 0;

export function startAcceptance(onStop) {
  onClick("stop-accepting", onStop);
  window.addEventListener("hashchange", () => isCountingDown() && onStop());
}

// Accepts after the time that is set, or calls `onStop` at the gesture that is set.
export function countDown(word, accept, onStop) {
  const { accept_seconds: length, cancel_by: gesture } = settings();
  const [pictures, isGesture] = [new MouthPictures(), GESTURES[gesture]()];
  const started = performance.now();
  byId("accepting-text").textContent = `${gettext("“{word}” is taken unless you stop it.", { word })} ${HOW_TO_STOP[gesture]}`;
  show(byId("accepting"));
  timer = setInterval(() => {
    const passed = (performance.now() - started) / 1000;
    byId("accepting-bar").value = 1 - passed / length;
    const next = pictures.next();
    if (document.hidden || (next && isGesture(next.picture, performance.now() / 1000))) return onStop();
    return passed >= length && accept();
  }, POLL_MILLISECONDS);
}

export function endCountdown() {
  clearInterval(timer);
  timer = 0;
  show(byId("accepting"), false);
}
