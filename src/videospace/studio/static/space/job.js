// The job that runs: its progress, its result, and how to cancel it.

import { ask, fileAddress } from "../shared/api.js";
import { byId, inBackground, onClick, onSubmit, show } from "../shared/dom.js";
import { Player, stripOf } from "./players.js";
import { addItems, address, onSpace, itemNamed, space } from "./space.js";
import { position, setEnds } from "./path.js";
import { decimal, gettext } from "../shared/words.js";

const POLL_MILLISECONDS = 300;
const NAMES = { inversion: gettext("Searching for the video"), render: gettext("Rendering") };
const PANELS = {
  visible: gettext("what was visible"),
  result: gettext("the result"),
  truth: gettext("the video itself"),
  error: gettext("the error of each pixel, from black (none) to yellow (64 of 255 or more)"),
};
const KNOWS = {
  well: "",
  roughly: gettext("The space knows such videos only roughly: the general picture is right, much else is not."),
  not: gettext("What was found has little in common with your video. The space does not know such videos, or the search was too short. Search thoroughly, choose another space, or train one on videos like this."),
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
    byId("job-text").textContent = `${NAMES[job.kind]}: ${[job.note, ...timeLeft(job.seconds_left)].join(", ")}`;
    timer = setTimeout(() => inBackground(async () => showJob(await ask("GET", address("/job")), isNew)), POLL_MILLISECONDS);
    return;
  }
  if (job.state === "failed" && isNew) throw new Error(gettext("That did not work: {reason}.", { reason: job.note }));
  if (job.state === "stopped" && isNew) byId("job-status").textContent = gettext("Canceled.");
  if (job.state === "done") await showResult(job, isNew);
}

const timeLeft = (seconds) => (seconds === null ? [] : [gettext("at most {seconds} s left", { seconds: Math.ceil(seconds) })]);

async function showResult({ kind, result }, isNew) {
  if (isNew) byId("job-status").textContent = gettext("Done.");
  if (kind === "render") {
    offerFile("save-render");
    if (isNew) byId("save-render").focus();
    return;
  }
  if (result.item && !itemNamed(result.item.id)) addItems([result.item]);
  found = result.item;
  for (const id of ["use-start", "use-end"]) byId(id).disabled = found === null;
  player.show(await stripOf(await ask("GET", address("/job/strip")), space().num_frames));
  byId("compared-names").textContent = gettext("From left to right: {panels}.", { panels: result.panels.map((panel) => PANELS[panel]).join(", ") });
  byId("knows").textContent = KNOWS[result.knows];
  byId("result-title").textContent = result.knows === "not" ? gettext("Not found in this space") : gettext("Result");
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
  const sentences = [
    gettext("The space reproduces what was visible with {db} dB (PSNR).", { db: decimal(observed) }),
    hidden !== null && gettext("What was hidden was filled in with {db} dB.", { db: decimal(hidden) }),
    gettext("The SSIM of the result and the video is {ssim}.", { ssim: decimal(ssim, 2) }),
    gettext("{count} steps took {seconds} s.", { count: steps, seconds: decimal(seconds) }),
  ];
  return sentences.filter(Boolean).join(" ");
}
