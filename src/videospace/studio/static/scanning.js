// One switch: the focus walks over what can be pressed, and the switch presses it.

import { isRecording } from "./camera.js";
import { remembered } from "./dom.js";

const STEP_MILLISECONDS = 1600;
const KEY = "studio.scanning";

export function startScanning(isOnTalk) {
  let timer = 0;
  remembered("scan", KEY, (on) => {
    clearInterval(timer);
    timer = on ? setInterval(step, STEP_MILLISECONDS) : 0;
  });

  function step() {
    const typing = document.activeElement?.closest("input, textarea, select, dialog");
    if (!isOnTalk() || isRecording() || typing) return;
    const places = [...document.querySelectorAll("main button")].filter((button) => !button.disabled && button.checkVisibility());
    const next = (places.indexOf(document.activeElement) + 1) % places.length;
    places[next]?.focus();
  }
}
