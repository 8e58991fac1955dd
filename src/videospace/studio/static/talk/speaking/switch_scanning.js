// Switch scanning: the focus moves over the buttons, and the switch presses the one with the focus.

import { isRecording } from "../camera/camera.js";
import { rememberedToggle } from "../../shared/dom.js";

const STEP_MILLISECONDS = 1600;
const KEY = "studio.scanning";

export function startSwitchScanning(isOnTalk) {
  let timer = 0;
  rememberedToggle("scan", KEY, (on) => {
    clearInterval(timer);
    timer = on ? setInterval(step, STEP_MILLISECONDS) : 0;
  });

  function step() {
    const typing = document.activeElement?.closest("input, textarea, select, dialog");
    if (!isOnTalk() || isRecording() || typing) return;
    const buttons = [...document.querySelectorAll("main button")].filter((button) => !button.disabled && button.checkVisibility());
    const next = (buttons.indexOf(document.activeElement) + 1) % buttons.length;
    buttons[next]?.focus();
  }
}
