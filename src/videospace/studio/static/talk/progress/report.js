// The evaluation report: a learning curve from recordings that were left out, and the confusions with
// their films.

import { ask } from "../../shared/api.js";
import { attempt, byId, inBackground, make, onClick, show } from "../../shared/dom.js";
import { play } from "../data/words.js";
import { address, onPerson, profile } from "../profile.js";
import { drawLearningCurve } from "./learning_curve.js";
import { fillTable } from "./tables.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 1000;
let timer = 0;
let report = null;

export function startReport() {
  onPerson(() => {
    clearTimeout(timer);
    report = null;
    fill();
    byId("report-text").textContent = "";
  });
  onClick("report-begin", async () => {
    await ask("POST", address("/report"));
    await showReport();
  });
  new ResizeObserver(() => report && drawLearningCurve(byId("learning"), report.curve)).observe(byId("learning"));
}

export async function showReport() {
  clearTimeout(timer);
  const path = address("/report");
  const { state, note, result } = await ask("GET", path);
  if (!profile() || path !== address("/report")) return; // another person was chosen meanwhile
  const isRunning = state === "running";
  report = result;
  byId("report-begin").disabled = isRunning;
  show(byId("report-bar"), isRunning);
  byId("report-text").textContent = words(state, note);
  fill();
  if (isRunning) timer = setTimeout(() => inBackground(showReport), POLL_MILLISECONDS);
}

function words(state, note) {
  if (state === "running") return gettext("Measuring. This can take some minutes; you can keep talking.");
  if (state === "failed") return gettext("This did not work: {reason}.", { reason: note });
  return "";
}

function fill() {
  show(byId("report"), report !== null);
  if (!report) return;
  drawLearningCurve(byId("learning"), report.curve);
  fillTable("learning-table", report.curve.map(({ num_shots: shots, top1, top5, num_answers: answers }) => [shots, percent(top1), percent(top5), answers]));
  byId("report-confusions").replaceChildren(...report.confusions.map(confusionItem));
  show(byId("report-right"), report.confusions.length === 0);
}

function confusionItem({ said, answered, times, said_clip: saidClip, answered_clip: answeredClip }) {
  const films = make("div", { className: "films" });
  const button = make("button", { textContent: gettext("Play both") });
  button.setAttribute("aria-label", gettext("Play “{said}” and “{answered}”", { said, answered }));
  button.addEventListener("click", () => attempt(() => Promise.all([
    playIn(films, 0, said, saidClip), playIn(films, 1, answered, answeredClip)])));
  const text = make("span", { textContent: gettext("“{said}” was taken for “{answered}”, {count} ×", { said, answered, count: times }), dir: "auto" });
  return make("li", {}, make("div", { className: "row spread" }, text, button), films);
}

function playIn(films, index, word, clip) {
  while (films.children.length <= index) films.append(make("figure", {}, make("figcaption", { dir: "auto" })));
  const figure = films.children[index];
  figure.firstChild.textContent = word;
  return play({ id: clip }, figure, gettext("A recording of “{word}”", { word }));
}

const percent = ({ mean, low, high }) => `${Math.round(100 * mean)} (${Math.round(100 * low)}–${Math.round(100 * high)})`;
