// Starts and stops a training, and shows its progress.

import { ask } from "../../shared/api.js";
import { byId, inBackground, onClick, show } from "../../shared/dom.js";
import { address, onProfile, profile } from "../profile.js";
import { percent } from "../../shared/amounts.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 1000;
const ALWAYS = gettext("Every recording is used at once.");
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
  if (state === "running") return gettext("Training: {share}. You can keep talking.", { share: percent(fraction) });
  if (state === "failed") return gettext("The training did not work: {reason}.", { reason: note });
  if (state === "done") return `${gettext("The training is done, and its model is in use.")} ${ALWAYS}`;
  if (profile().can_train) return `${ALWAYS} ${gettext("Training improves the recognition. It takes some minutes.")}`;
  return `${ALWAYS} ${gettext("No training is needed.")}`;
}
