// Training in the background, and how far it is.

import { ask } from "./api.js";
import { byId, inBackground, onClick, show } from "./dom.js";
import { address, onPerson, person } from "./person.js";

const LOOK_MILLISECONDS = 1000;
const ALWAYS = "Every recording counts at once.";
let timer = 0;

export function startTraining() {
  onPerson(() => {
    clearTimeout(timer);
    if (person()) inBackground(look);
  });
  onClick("train", async () => {
    await ask("POST", address("/learning"), { json: {} });
    await look();
  });
  onClick("train-stop", async () => {
    await ask("DELETE", address("/learning"));
    await look();
  });
}

async function look() {
  clearTimeout(timer);
  const learning = await ask("GET", address("/learning"));
  const running = learning.state === "running";
  byId("training-text").textContent = words(learning);
  byId("training-bar").value = learning.fraction;
  show(byId("training-bar"), running);
  show(byId("train-stop"), running);
  show(byId("train"), person().can_train && !running);
  if (running) timer = setTimeout(() => inBackground(look), LOOK_MILLISECONDS);
}

function words({ state, note, fraction }) {
  if (state === "running") return `Training: ${Math.round(100 * fraction)} %. You can go on talking meanwhile.`;
  if (state === "failed") return `The training did not work: ${note}.`;
  if (state === "done") return `The training is done and answers from now on. ${ALWAYS}`;
  if (person().can_train) return `${ALWAYS} Training makes the answers better; it takes some minutes.`;
  return `${ALWAYS} Nothing has to be trained.`;
}
