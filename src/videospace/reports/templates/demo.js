"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const videos = [...document.querySelectorAll("video")];
  const [toggle, speed, slider, view, marker, readout, picture] = [
    "toggle", "speed", "latent", "view", "marker", "readout", "explorer",
  ].map(byId);
  const explorer = JSON.parse(byId("explorer-data").textContent);
  const context = view.getContext("2d");
  const last = explorer.ball_heights.length - 1;
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  let seconds = 0;
  let previous = null;
  let drawn = "";

  function applyPlayback() {
    for (const video of videos) {
      video.playbackRate = Number(speed.value);
      if (playing) video.play().catch(() => {});  // a browser may refuse to save power
      else video.pause();
    }
    toggle.textContent = playing ? "Pause all" : "Play all";
  }

  function draw() {
    const step = Number(slider.value);
    const frame = Math.floor(seconds * explorer.fps) % explorer.num_frames;
    const wanted = step + " " + frame;
    if (wanted === drawn || !picture.complete || !picture.naturalWidth) return;
    const { width, height } = explorer;
    context.drawImage(
      picture, frame * width, step * height, width, height, 0, 0, width, height);
    drawn = wanted;
  }

  function describe() {
    const step = Number(slider.value);
    const height = explorer.ball_heights[step];
    const way = Math.round(100 * step / last) + " % of the way";
    const ball = height === null
      ? "no ball" : "ball at " + Math.round(100 * height) + " % of the height, from the top";
    readout.textContent = way + ": " + ball;
    slider.setAttribute("aria-valuetext", readout.textContent);
    marker.setAttribute("cx", 5 + 90 * step / last);
    marker.setAttribute("cy", height === null ? -10 : 100 * height);
    draw();
  }

  function tick(now) {
    if (playing && previous !== null) seconds += (now - previous) / 1000 * Number(speed.value);
    previous = now;
    draw();
    requestAnimationFrame(tick);
  }

  toggle.addEventListener("click", () => { playing = !playing; applyPlayback(); });
  speed.addEventListener("change", applyPlayback);
  slider.addEventListener("input", describe);
  slider.value = String(Math.round(last / 2));  // also undoes what a browser restores on reload
  speed.value = "1";
  applyPlayback();
  describe();
  requestAnimationFrame(tick);
})();
