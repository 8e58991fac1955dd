// Canvases that play film strips: all frames of a clip, one below the other in one picture.

import { byId } from "../dom.js";
import { space } from "./space.js";

const screens = [];
let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
let seconds = 0;
let last = 0;

export class Screen {
  constructor(id) {
    this.canvas = byId(id);
    this.film = null;
    this.drawn = null;
    screens.push(this);
  }

  // A film is { picture, numFrames }.
  show(film) {
    this.film = film;
    this.canvas.width = film.picture.width;
    this.canvas.height = film.picture.height / film.numFrames;
    this.drawn = null;
    this.draw();
  }

  draw() {
    if (!this.film) return;
    const { numFrames } = this.film;
    const share = (seconds * space().fps) / space().num_frames;
    const frame = Math.floor((share % 1) * numFrames);
    if (frame === this.drawn) return;
    drawFrame(this.canvas, this.film, frame);
    this.drawn = frame;
    this.canvas.dataset.frame = frame;
  }
}

export function drawFrame(canvas, { picture }, frame) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  context.drawImage(picture, 0, frame * height, width, height, 0, 0, width, height);
}

export async function filmOf(blob, numFrames) {
  return { picture: await createImageBitmap(blob), numFrames };
}

export function startScreens() {
  byId("pause").addEventListener("click", () => turn(!playing));
  turn(playing);
  requestAnimationFrame(tick);
}

function turn(on) {
  playing = on;
  byId("pause").setAttribute("aria-pressed", String(!on));
  byId("pause").textContent = on ? "Pause" : "Play";
}

function tick(now) {
  if (playing) seconds += Math.min(now - last, 200) / 1000;
  last = now;
  screens.forEach((screen) => screen.draw());
  requestAnimationFrame(tick);
}
