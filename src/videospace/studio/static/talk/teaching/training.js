// Starts and stops a training, and shows its progress.

import { ask } from "../../shared/api.js";
import { byId, inBackground, onClick, show } from "../../shared/dom.js";
import { address, onProfile, profile } from "../profile.js";

const POLL_MILLISECONDS = 1000;
const ALWAYS = "Every recording is used at once.";
let timer = 0;

export function startTraining() {
  onProfile(() => {
    clearTimeout(timer);
    if (profile()) inBackground(showTraining);
  });
  onClick("train", async () => {
    await ask("POST", address("/training"), { json: {} });
    await showTraining();
  });
  onClick("train-stop", async () => {
    await ask("DELETE", address("/training"));
    await showTraining();
  });
}

async function showTraining() {
  clearTimeout(timer);
  const training = await ask("GET", address("/training"));
  const running = training.state === "running";
  byId("training-text").textContent = words(training);
  byId("training-bar").value = training.fraction;
  show(byId("training-bar"), running);
  show(byId("train-stop"), running);
  show(byId("train"), profile().can_train && !running);
  if (running) timer = setTimeout(() => inBackground(showTraining), POLL_MILLISECONDS);
}

function words({ state, note, fraction }) {
  if (state === "running") return `Training: ${Math.round(100 * fraction)} %. You can keep talking.`;
  if (state === "failed") return `The training did not work: ${note}.`;
  if (state === "done") return `The training is done, and its model is in use. ${ALWAYS}`;
  if (profile().can_train) return `${ALWAYS} Training improves the recognition. It takes some minutes.`;
  return `${ALWAYS} No training is needed.`;
}
