// A video to find in the space: uploaded or rendered, masked, and inverted.

import { ask } from "../../shared/api.js";
import { attempt, byId, onClick, onSubmit, show } from "../../shared/dom.js";
import { drawFrames, observedFrames, startFrames } from "./frames.js";
import { clearMask, packedMask, hiddenFraction, startMask } from "./mask.js";
import { Player, stripOf } from "../players.js";
import { address, onSpace, space } from "../space.js";
import { position } from "../path.js";
import { startJob } from "./job.js";
import { percent } from "../../shared/amounts.js";
import { gettext } from "../../shared/words.js";

let player = null;
let video = null;

export function startInversion() {
  player = new Player(byId("video-player"));
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
  onClick("use-playing", async () => openVideo(await ask("POST", address("/videos/rendered"), { json: position() }), gettext("from the space")));
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

const isWhole = () => hiddenFraction() === 0 && observedFrames() === null;
const isShort = () => video.num_real < space().num_frames;
const isFilledIn = () => !isWhole() || isShort();

// Shows what the inversion will do with the mask as it is now.
function showPlan() {
  if (!video) return;
  const fraction = hiddenFraction();
  const observed = observedFrames();
  byId("invert").textContent = isWhole() ? gettext("Find it in the space") : gettext("Find it and fill in what is hidden");
  show(byId("keep-label"), !isWhole());
  show(byId("samples-label"), isFilledIn());
  const visible = observed === null
    ? gettext("{share} of the picture is hidden; all frames are visible.", { share: percent(fraction) })
    : gettext("{share} of the picture is hidden; {count} frames are visible.", { share: percent(fraction), count: observed.length });
  const short = isShort() && gettext("The video has only {real} of the {count} frames of a clip; the rest is filled in.",
    { real: video.num_real, count: space().num_frames });
  const problem = video.problem && gettext("The video is {problem}.", { problem: video.problem });
  byId("mask-status").textContent = [visible, short, problem].filter(Boolean).join(" ");
}

async function invert() {
  const [steps, restarts] = byId("effort").value.split(",").map(Number);
  const json = {
    name: video.name.slice(0, 100),
    hidden: packedMask(),
    observed_frames: observedFrames(),
    max_steps: steps,
    restarts,
    samples: isFilledIn() ? Number(byId("samples").value) : 1,
    keep_observed: byId("keep-observed").checked,
  };
  await startJob(`/videos/${video.id}/invert`, json);
}
