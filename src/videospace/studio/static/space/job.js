// The job that runs: its progress, its result, and how to cancel it.

import { ask, fileAddress } from "../shared/api.js";
import { byId, inBackground, onClick, onSubmit, show } from "../shared/dom.js";
import { Player, stripOf } from "./players.js";
import { addItems, address, onSpace, itemNamed, space } from "./space.js";
import { position, setEnds } from "./path.js";

const POLL_MILLISECONDS = 300;
const NAMES = { inversion: "Searching for the video", render: "Rendering" };
const PANELS = {
  visible: "what was visible",
  result: "the result",
  truth: "the video itself",
  error: "the error of each pixel, from black (none) to yellow (64 of 255 or more)",
};
const KNOWS = {
  well: "",
  roughly: "The space knows such videos only roughly: the general picture is right, much else is not.",
  not: "What was found has little in common with your video. The space does not know such videos, or the search was too short. Search thoroughly, choose another space, or train one on videos like this.",
};
let player = null;
let timer = 0;
let found = null;

export function startJobs() {
  player = new Player("compared");
  onSpace(() => {
    for (const id of ["result-card", "save-render"]) show(byId(id), false);
    byId("render-height").value = 4 * space().height;
    byId("render-frames").value = 2 * space().num_frames - 1;
    byId("render-fps").value = 2 * space().fps;
    return inBackground(async () => {
      const job = await ask("GET", address("/job"));
      await showJob(job, job.state === "running");
    });
  });
  onClick("job-stop", async () => showJob(await ask("DELETE", address("/job")), true));
  onSubmit("render-form", () => {
    const sizes = { height: "render-height", num_frames: "render-frames", fps: "render-fps" };
    const numbers = Object.entries(sizes).map(([name, id]) => [name, Number(byId(id).value)]);
    show(byId("save-render"), false);
    return startJob("/render", { ...position(), ...Object.fromEntries(numbers), suffix: byId("render-suffix").value });
  });
  onClick("use-start", () => setEnds(found.id, position().end, 0));
  onClick("use-end", () => setEnds(position().start, found.id, 1));
}

export async function startJob(path, json) {
  show(byId("result-card"), false);
  const job = await ask("POST", address(path), { json });
  byId("job-status").textContent = `${NAMES[job.kind]} …`;
  await showJob(job, true);
}

// Only a new result is announced. One that was there when the page was loaded is just shown.
async function showJob(job, isNew) {
  clearTimeout(timer);
  const running = job.state === "running";
  show(byId("job"), running);
  if (running) {
    byId("job-bar").value = job.fraction;
    byId("job-text").textContent = `${NAMES[job.kind]}: ${job.note}${timeLeft(job.seconds_left)}`;
    timer = setTimeout(() => inBackground(async () => showJob(await ask("GET", address("/job")), isNew)), POLL_MILLISECONDS);
    return;
  }
  if (job.state === "failed" && isNew) throw new Error(`That did not work: ${job.note}.`);
  if (job.state === "stopped" && isNew) byId("job-status").textContent = "Canceled.";
  if (job.state === "done") await showResult(job, isNew);
}

const timeLeft = (seconds) => (seconds === null ? "" : `, at most ${Math.ceil(seconds)} s left`);

async function showResult({ kind, result }, isNew) {
  if (isNew) byId("job-status").textContent = "Done.";
  if (kind === "render") {
    offerFile("save-render");
    if (isNew) byId("save-render").focus();
    return;
  }
  if (result.item && !itemNamed(result.item.id)) addItems([result.item]);
  found = result.item;
  for (const id of ["use-start", "use-end"]) byId(id).disabled = found === null;
  player.show(await stripOf(await ask("GET", address("/job/strip")), space().num_frames));
  byId("compared-names").textContent = `From left to right: ${result.panels.map((panel) => PANELS[panel]).join(", ")}.`;
  byId("knows").textContent = KNOWS[result.knows];
  byId("result-title").textContent = result.knows === "not" ? "Not found in this space" : "Result";
  show(byId("knows"), result.knows !== "well");
  byId("scores").textContent = scores(result);
  offerFile("save-result");
  show(byId("result-card"));
  if (isNew) byId("result-card").focus();
}

function offerFile(id) {
  byId(id).href = fileAddress(address("/job/file"));
  show(byId(id));
}

function scores({ psnr_observed_db: observed, psnr_hidden_db: hidden, ssim, steps, seconds }) {
  const filled = hidden === null ? "" : ` What was hidden was filled in with ${hidden.toFixed(1)} dB.`;
  return `The space reproduces what was visible with ${observed.toFixed(1)} dB (PSNR).${filled} The SSIM of the result and the video is ${ssim.toFixed(2)}. ${steps} steps took ${seconds.toFixed(1)} s.`;
}
