// Long work: how far it is, what it gave, and an end before its time.

import { ask } from "../api.js";
import { byId, inBackground, onClick, onSubmit, show } from "../dom.js";
import { Screen, filmOf } from "./screens.js";
import { addPoints, address, onSpace, pointNamed, space } from "./space.js";
import { place, setEnds } from "./walk.js";

const LOOK_MILLISECONDS = 300;
const DOING = { search: "Looking for the video", render: "Rendering" };
let screen = null;
let timer = 0;
let found = null;

export function startWork() {
  screen = new Screen("compared");
  onSpace(() => {
    for (const id of ["result-card", "save-render"]) show(byId(id), false);
    byId("render-height").value = 4 * space().height;
    byId("render-frames").value = 2 * space().num_frames - 1;
    byId("render-fps").value = 2 * space().fps;
    return inBackground(async () => {
      const work = await ask("GET", address("/work"));
      await showWork(work, work.state === "running");
    });
  });
  onClick("work-stop", async () => showWork(await ask("DELETE", address("/work")), true));
  onSubmit("render-form", () => {
    const sizes = { height: "render-height", num_frames: "render-frames", fps: "render-fps" };
    const numbers = Object.entries(sizes).map(([name, id]) => [name, Number(byId(id).value)]);
    show(byId("save-render"), false);
    return begin("/render", { ...place(), ...Object.fromEntries(numbers), suffix: byId("render-suffix").value });
  });
  onClick("use-start", () => setEnds(found.id, place().end, 0));
  onClick("use-end", () => setEnds(place().start, found.id, 1));
}

export async function begin(path, json) {
  show(byId("result-card"), false);
  const work = await ask("POST", address(path), { json });
  byId("work-said").textContent = `${DOING[work.kind]} …`;
  await showWork(work, true);
}

// What is new is told; what was there when the page was loaded is only shown.
async function showWork(work, isNew) {
  clearTimeout(timer);
  const running = work.state === "running";
  show(byId("work"), running);
  if (running) {
    byId("work-bar").value = work.fraction;
    byId("work-text").textContent = `${DOING[work.kind]}: ${work.note}${left(work.seconds_left)}`;
    timer = setTimeout(() => inBackground(async () => showWork(await ask("GET", address("/work")), isNew)), LOOK_MILLISECONDS);
    return;
  }
  if (work.state === "failed" && isNew) throw new Error(`That did not work: ${work.note}.`);
  if (work.state === "stopped" && isNew) byId("work-said").textContent = "Cancelled.";
  if (work.state === "done") await showResult(work, isNew);
}

const left = (seconds) => (seconds === null ? "" : `, at most ${Math.ceil(seconds)} s left`);

async function showResult({ kind, result }, isNew) {
  if (isNew) byId("work-said").textContent = "Done.";
  if (kind === "render") {
    offer("save-render");
    if (isNew) byId("save-render").focus();
    return;
  }
  if (result.point && !pointNamed(result.point.id)) addPoints([result.point]);
  found = result.point;
  for (const id of ["use-start", "use-end"]) byId(id).disabled = found === null;
  screen.show(await filmOf(await ask("GET", address("/work/strip")), space().num_frames));
  const hasTruth = screen.canvas.width > 2.5 * space().width;
  byId("compared-names").textContent = `From left to right: what was seen, what was made of it${hasTruth ? ", the video itself" : ""}.`;
  byId("scores").textContent = scores(result);
  offer("save-result");
  show(byId("result-card"));
  if (isNew) byId("result-card").focus();
}

function offer(id) {
  byId(id).href = `/api${address("/work/file")}`;
  show(byId(id));
}

function scores({ psnr_seen_db: seen, psnr_hidden_db: hidden, steps, seconds }) {
  const filled = hidden === null ? "" : ` What was hidden is met at ${hidden.toFixed(1)} dB.`;
  return `The space shows what was seen at ${seen.toFixed(1)} dB (PSNR).${filled} ${steps} steps took ${seconds.toFixed(1)} s.`;
}
