// Canvases that play film strips. A strip is one picture with all frames of a clip, from top to bottom.

import { byId } from "../shared/dom.js";
import { space } from "./space.js";
import { gettext } from "../shared/words.js";

const players = [];
let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
let isHeld = false;
let seconds = 0;
let last = 0;

export class Player {
  // Calls `onFrame(frame, numFrames)` for each frame that is drawn.
  constructor(canvas, onFrame = () => {}) {
    this.canvas = canvas;
    this.onFrame = onFrame;
    this.strip = null;
    this.drawn = null;
    players.push(this);
  }

  // Takes a strip as { picture, numFrames }.
  show(strip) {
    this.strip = strip;
    this.canvas.width = strip.picture.width;
    this.canvas.height = strip.picture.height / strip.numFrames;
    this.drawn = null;
    this.draw();
  }

  draw() {
    if (!this.strip) return;
    const { numFrames } = this.strip;
    const fraction = (seconds * space().fps) / space().num_frames;
    const frame = Math.floor((fraction % 1) * numFrames);
    if (frame === this.drawn) return;
    drawFrame(this.canvas, this.strip, frame);
    this.drawn = frame;
    this.canvas.dataset.frame = frame;
    this.onFrame(frame, numFrames);
  }
}

export function drawFrame(canvas, { picture }, frame) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  context.drawImage(picture, 0, frame * height, width, height, 0, 0, width, height);
}

export async function stripOf(blob, numFrames) {
  return { picture: await createImageBitmap(blob), numFrames };
}

export function startPlayers() {
  byId("pause").addEventListener("click", () => setPlaying(!playing));
  setPlaying(playing);
  requestAnimationFrame(tick);
}

// Stops all clips while something in them is moved.
export function hold(on) {
  isHeld = on;
}

function setPlaying(on) {
  playing = on;
  byId("pause").setAttribute("aria-pressed", String(!on));
  byId("pause").textContent = on ? gettext("Pause") : gettext("Play");
}

function tick(now) {
  if (playing && !isHeld) seconds += Math.min(now - last, 200) / 1000;
  last = now;
  players.forEach((player) => player.draw());
  requestAnimationFrame(tick);
}
