// The job that runs: its progress, its end, and how to cancel it.

import { ask, fileAddress } from "../../shared/api.js";
import { byId, inBackground, onClick, onSubmit, show } from "../../shared/dom.js";
import { address, onSpace, space } from "../space.js";
import { position } from "../path.js";
import { hideResult, showFound } from "./result.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 300;
const NAMES = { inversion: gettext("Searching for the video"), render: gettext("Rendering") };
let timer = 0;

export function startJobs() {
  onSpace(() => {
    show(byId("save-render"), false);
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
}

export async function startJob(path, json) {
  hideResult();
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
  if (kind === "inversion") {
    await showFound(result, isNew);
    return;
  }
  byId("save-render").href = fileAddress(address("/job/file"));
  show(byId("save-render"));
  if (isNew) byId("save-render").focus();
}
