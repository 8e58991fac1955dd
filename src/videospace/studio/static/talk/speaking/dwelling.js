// Dwell click: a pointer that rests on a button presses it, for a mouse that is moved by the head or
// the eyes.

import { onSettings, settings } from "../talk_settings.js";

const PRESSED = "button, summary, a[href]:not([download])";
const STILL_PX = 24;

let target = null;
let timer = 0;
let from = { x: 0, y: 0 };

export function startDwelling() {
  onSettings(forget);
  document.addEventListener("pointermove", (event) => event.pointerType !== "touch" && follow(event));
  document.addEventListener("pointerdown", forget);
  document.documentElement.addEventListener("pointerleave", forget);
}

function follow({ target: under, clientX: x, clientY: y }) {
  const { dwell_seconds: seconds } = settings();
  const element = under.closest?.(PRESSED) ?? null;
  const isStill = element === target && Math.hypot(x - from.x, y - from.y) < STILL_PX;
  if (!seconds || isStill) return;
  forget();
  target = element;
  from = { x, y };
  if (!element || element.disabled) return;
  document.documentElement.style.setProperty("--dwell-seconds", `${seconds}s`);
  element.classList.add("dwelling");
  timer = setTimeout(() => {
    element.classList.remove("dwelling");
    if (element.isConnected && !element.disabled) element.click();
  }, 1000 * seconds);
}

function forget() {
  clearTimeout(timer);
  target?.classList.remove("dwelling");
  target = null;
}
