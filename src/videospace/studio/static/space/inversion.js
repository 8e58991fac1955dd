// A video to find in the space: uploaded or rendered, masked, and inverted.

import { ask } from "../shared/api.js";
import { attempt, byId, onClick, onSubmit, show } from "../shared/dom.js";
import { drawFrames, observedFrames, startFrames } from "./frames.js";
import { clearMask, packedMask, hiddenFraction, startMask } from "./mask.js";
import { Player, stripOf } from "./players.js";
import { address, onSpace, space } from "./space.js";
import { position } from "./path.js";
import { startJob } from "./job.js";

let player = null;
let video = null;

export function startInversion() {
  player = new Player("video-player");
  startMask(showPlan);
  startFrames(showPlan);
  onSpace(() => {
    video = null;
    show(byId("tools"), false);
  });
  byId("upload").addEventListener("change", () => attempt(() => {
    const [file] = byId("upload").files;
    byId("upload").value = "";
    return file && uploadFile(file);
  }));
  startDrop(byId("video-card"));
  onClick("use-playing", async () => openVideo(await ask("POST", address("/videos/rendered"), { json: position() }), "from the space"));
  onSubmit("inversion-form", invert);
}

function startDrop(card) {
  card.addEventListener("dragover", (event) => {
    event.preventDefault();
    card.classList.add("over");
  });
  card.addEventListener("dragleave", () => card.classList.remove("over"));
  card.addEventListener("drop", (event) => {
    event.preventDefault();
    card.classList.remove("over");
    const [file] = event.dataTransfer.files;
    if (file) attempt(() => uploadFile(file));
  });
}

async function uploadFile(file) {
  const uploaded = await ask("POST", address("/videos"), { body: file, type: file.type });
  await openVideo(uploaded, file.name);
}

async function openVideo(opened, name) {
  const numFrames = space().num_frames;
  const strip = await stripOf(await ask("GET", address(`/videos/${opened.id}/strip`)), numFrames);
  video = { ...opened, name };
  player.show(strip);
  drawFrames(strip, opened.num_real);
  clearMask();
  show(byId("tools"));
}

// Shows what the inversion will do with the mask as it is now.
function showPlan() {
  if (!video) return;
  const fraction = hiddenFraction();
  const percent = Math.round(100 * fraction);
  const observed = observedFrames();
  const isWhole = fraction === 0 && observed === null;
  byId("invert").textContent = isWhole ? "Find it in the space" : "Find it and fill in what is hidden";
  show(byId("keep-label"), !isWhole);
  const short = video.num_real < space().num_frames ? ` The video has only ${video.num_real} of the ${space().num_frames} frames of a clip; the rest is filled in.` : "";
  const problem = video.problem ? ` The video is ${video.problem}.` : "";
  byId("mask-status").textContent = `${percent} % of the picture is hidden; ${observed === null ? "all" : observed.length} frames are visible.${short}${problem}`;
}

async function invert() {
  const [steps, restarts] = byId("effort").value.split(",").map(Number);
  const json = {
    name: video.name.slice(0, 100),
    hidden: packedMask(),
    observed_frames: observedFrames(),
    max_steps: steps,
    restarts,
    keep_observed: byId("keep-observed").checked,
  };
  await startJob(`/videos/${video.id}/invert`, json);
}
