// The page Progress: how well words were recognized, and the choice of the model.

import { ask, fileAddress } from "../../shared/api.js";
import { drawCurve } from "./accuracy_curve.js";
import { attempt, byId, fillList, make, show } from "../../shared/dom.js";
import { address, onProfile } from "../profile.js";
import { showReport } from "./report.js";
import { fillTable, sortable } from "./tables.js";
import { percent as percentText } from "../../shared/amounts.js";
import { date, gettext, isolated, ngettext } from "../../shared/words.js";

const MAX_SESSIONS = 50;
const KINDS = { encoder: gettext("trained on other people"), recognizer: gettext("trained on these recordings") };
let progress = null;

export function startProgress() {
  sortable("word-progress");
  onProfile(() => { progress = null; });
  new ResizeObserver(() => progress && drawCurve(byId("curve"), progress.days)).observe(byId("curve"));
}

export async function showProgress() {
  await fillWith("GET", "/progress");
  await showReport();
}

async function fillWith(method, rest, body = {}) {
  const path = address(rest);
  const found = await ask(method, path, body);
  const isCurrent = path === address(rest); // otherwise another person was chosen meanwhile
  if (isCurrent) fill(found);
  return isCurrent;
}

function fill(found) {
  progress = found;
  const { num_words: number, accuracy, accuracy_drop: drop, num_moving: moving } = found;
  show(byId("progress-empty"), number === 0);
  for (const part of document.querySelectorAll("#progress .in-use")) show(part, number > 0);
  byId("choices-csv").href = fileAddress(address("/progress.csv"));
  byId("accuracy-text").textContent = overall(number, accuracy);
  byId("moving-text").textContent = gettext("the last {count} answers", { count: moving });
  byId("moving-heading").textContent = gettext("Last {count}, %", { count: moving });
  byId("accuracy-drop-text").textContent = drop ?? "";
  show(byId("accuracy-drop"), drop !== null);
  drawCurve(byId("curve"), found.days);
  fillTable("day-progress", [...found.days].reverse().map(dayCells));
  fillTable("word-progress", found.words.map(wordCells));
  fillList(byId("confusions"), found.confusions.map(({ said, answered, times }) => gettext("{said} was taken for {answered}, {count} ×", { said, answered, count: times })));
  show(byId("no-confusions"), found.confusions.length === 0);
  fillTable("session-progress", [...found.sessions].reverse().slice(0, MAX_SESSIONS).map(sessionCells));
  fillTable("model-progress", found.models.map(modelCells));
  for (const part of document.querySelectorAll("#models-card .with-models")) show(part, found.models.length > 0);
  byId("model-in-use").textContent = modelInUse(found);
}

function overall(number, { num_answers: answers, top1, top5 }) {
  const said = ngettext("{count} word said.", "{count} words said.", number);
  if (!top1) return `${said} ${gettext("None of them had a recording before, so no answer was possible yet.")}`;
  const shares = { count: answers, first: percentText(top1.mean), five: percentText(top5.mean) };
  return `${said} ${gettext("{count} of them answered: {first} right at once, {five} among the first five.", shares)}`;
}

function modelInUse({ models, strategy }) {
  const model = models.find((each) => each.is_in_use);
  if (model) return gettext("Words are recognized by the model of {when} ({strategy}).", { when: moment(model.added), strategy });
  return gettext("Words are compared with the recordings themselves, without a model ({strategy}).", { strategy });
}

function dayCells({ date: which, num_words: number, accuracy, moving_top1: moving }) {
  return [day(`${which}T12:00`), number, percentCell(accuracy.top1), percentCell(accuracy.top5, percent), percentCell(moving)];
}

function wordCells(word) {
  const taken = word.taken_for.map(({ word: other, times }) => `${isolated(other)} ${times} ×`).join(", ");
  const right = { text: word.top1 ? gettext("{hits} of {count}", { hits: word.num_hits, count: word.num_answers }) : "–", order: word.top1?.mean ?? -1 };
  return [word.word, word.num_clips, word.num_uses, right, taken || "–"];
}

function sessionCells({ start, end, num_words: number, accuracy }) {
  return [day(start), `${time(start)}–${time(end)}`, number, percentCell(accuracy.top1)];
}

function modelCells({ id, kind, added, num_clips: number, is_in_use: answers, accuracy }) {
  const learned = number ? `${KINDS[kind]} (${number})` : KINDS[kind];
  return [moment(added), learned, percentCell(accuracy.top1), accuracy.num_answers, answers ? gettext("in use") : useButton(id, added)];
}

function useButton(model, added) {
  const button = make("button", { textContent: gettext("Use this one") });
  button.setAttribute("aria-label", gettext("Use the model of {when}", { when: moment(added) }));
  button.addEventListener("click", () => attempt(async () => {
    button.disabled = true;
    try {
      if (await fillWith("PUT", "/model", { json: { model } })) byId("models-title").focus();
    } finally {
      button.disabled = false;
    }
  }));
  return button;
}

const percent = ({ mean }) => `${Math.round(100 * mean)}`;
const withInterval = (interval) => `${percent(interval)} (${percent({ mean: interval.low })}–${percent({ mean: interval.high })})`;
const percentCell = (interval, inWords = withInterval) => ({ text: interval ? inWords(interval) : "–", order: interval?.mean ?? -1 });
const day = (when) => date(when, { dateStyle: "medium" });
const time = (when) => date(when, { timeStyle: "short" });
const moment = (when) => `${day(when)}, ${time(when)}`;
