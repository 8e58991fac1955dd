"use strict";
(() => {
  const videos = [...document.querySelectorAll("video")];
  const [toggle, speed] = ["toggle", "speed"].map((id) => document.getElementById(id));
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;

  function apply() {
    for (const video of videos) {
      video.playbackRate = Number(speed.value);
      if (playing) video.play().catch(() => {});  // a browser may refuse to save power
      else video.pause();
    }
    toggle.textContent = playing ? "Pause all" : "Play all";
  }

  function lineUp() {
    for (const video of videos) video.currentTime = videos[0].currentTime;
  }

  const loaded = (video) => video.readyState >= 2 ||
    new Promise((resolve) => video.addEventListener("loadeddata", resolve, { once: true }));

  toggle.addEventListener("click", () => {
    playing = !playing;
    apply();
    lineUp();
  });
  speed.addEventListener("change", apply);
  speed.value = "1";  // undoes what a browser restores on reload
  apply();
  Promise.all(videos.map(loaded)).then(lineUp);
})();
