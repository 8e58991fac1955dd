// A video to be found in the space: dropped in or rendered, masked, and looked for.

import { ask } from "../api.js";
import { attempt, byId, onClick, onSubmit, show } from "../dom.js";
import { drawFrames, seenFrames, startFrames } from "./frames.js";
import { clearMask, packedMask, shareHidden, startMask } from "./mask.js";
import { Screen, filmOf } from "./screens.js";
import { address, onSpace, space } from "./space.js";
import { place } from "./walk.js";
import { begin } from "./work.js";

let screen = null;
let video = null;

export function startVideo() {
  screen = new Screen("video-film");
  startMask(tell);
  startFrames(tell);
  onSpace(() => {
    video = null;
    show(byId("tools"), false);
  });
  byId("upload").addEventListener("change", () => attempt(() => {
    const [file] = byId("upload").files;
    byId("upload").value = "";
    return file && takeFile(file);
  }));
  startDrop(byId("video-card"));
  onClick("take", async () => openVideo(await ask("POST", address("/videos/rendered"), { json: place() }), "from the space"));
  onSubmit("search-form", search);
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
    if (file) attempt(() => takeFile(file));
  });
}

async function takeFile(file) {
  const taken = await ask("POST", address("/videos"), { body: file, type: file.type });
  await openVideo(taken, file.name);
}

async function openVideo(taken, name) {
  const numFrames = space().num_frames;
  const film = await filmOf(await ask("GET", address(`/videos/${taken.id}/film`)), numFrames);
  video = { ...taken, name };
  screen.show(film);
  drawFrames(film, taken.num_real);
  clearMask();
  show(byId("tools"));
}

// What will be done with what is hidden now.
function tell() {
  if (!video) return;
  const share = shareHidden();
  const percent = Math.round(100 * share);
  const seen = seenFrames();
  const isWhole = share === 0 && seen === null;
  byId("search").textContent = isWhole ? "Find it in the space" : "Find it, and fill in what is hidden";
  show(byId("keep-label"), !isWhole);
  const short = video.num_real < space().num_frames ? ` It has ${video.num_real} of the ${space().num_frames} frames of a clip; the rest is filled in.` : "";
  byId("mask-said").textContent = `${percent} % of the picture is hidden; ${seen === null ? "all" : seen.length} frames are seen.${short}`;
}

async function search() {
  const [steps, restarts] = byId("effort").value.split(",").map(Number);
  const json = {
    name: video.name.slice(0, 100),
    hidden: packedMask(),
    seen: seenFrames(),
    max_steps: steps,
    restarts,
    keep_detail: byId("keep").checked,
  };
  await begin(`/videos/${video.id}/search`, json);
}
