// The colors of the marks, by source or by a column of labels and scores, and their legend.

import { byId, make, show } from "../../shared/dom.js";
import { space } from "../space.js";
import { gettext, number } from "../../shared/words.js";

const NUM_COLORS = 8;
const NUM_LEVELS = 5;
const NAMES = {
  psnr_db: "PSNR (dB)",
  psnr_moving_db: gettext("PSNR of what moves (dB)"),
  ssim: "SSIM",
  root_mean_square_error: gettext("Reconstruction error (gray levels)"),
};
const select = byId("color");
let coloring = { valueOf: () => null, classOf: () => null };

export function startColoring(recolor) {
  select.addEventListener("change", () => {
    choose();
    recolor();
  });
}

// Offers what the items of the space know; to be called when they change.
export function offerColorings() {
  const { items } = space();
  const columns = [...new Set(items.flatMap(({ values }) => Object.keys(values)))];
  const offered = [["kind", gettext("kind")]];
  if (new Set(items.map(({ source }) => source).filter(Boolean)).size > 1) offered.push(["source", gettext("source")]);
  offered.push(...columns.map((column) => [`column:${column}`, NAMES[column] ?? column]));
  const before = select.value;
  select.replaceChildren(...offered.map(([value, textContent]) => make("option", { value, textContent })));
  if (offered.some(([value]) => value === before)) select.value = before;
  show(byId("color-label"), offered.length > 1);
  choose();
}

// The class of an item's color, and the words about it: null if it is colored by its kind.
export function colorOf(item) {
  const value = coloring.valueOf(item);
  return { color: coloring.classOf(value), words: value === null ? null : shown(value) };
}

function choose() {
  const valueOf = reader(select.value);
  const values = space().items.map(valueOf).filter((value) => value !== null);
  if (select.value === "kind") {
    coloring = { valueOf, classOf: () => null };
    fillLegend([]);
  } else if (values.every((value) => typeof value === "number")) colorNumbers(valueOf, values);
  else colorLabels((item) => (valueOf(item) === null ? null : String(valueOf(item))), values.map(String));
}

function reader(choice) {
  if (choice === "kind") return () => null;
  if (choice === "source") return ({ source }) => source;
  const column = choice.slice("column:".length);
  return ({ values }) => values[column] ?? null;
}

// The most frequent labels have colors of their own.
function colorLabels(valueOf, values) {
  const counts = new Map();
  values.forEach((value) => counts.set(value, (counts.get(value) ?? 0) + 1));
  const labels = [...counts].sort(([, one], [, other]) => other - one).map(([label]) => label);
  const own = labels.slice(0, labels.length > NUM_COLORS ? NUM_COLORS - 1 : NUM_COLORS);
  const classOf = (value) => (own.includes(value) ? `color-${own.indexOf(value)}` : "color-none");
  coloring = { valueOf, classOf };
  const others = labels.length > own.length ? gettext("{count} others, unknown", { count: labels.length - own.length }) : gettext("unknown");
  fillLegend([...own.map((label) => [classOf(label), label]), ["color-none", others]]);
}

function colorNumbers(valueOf, values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const level = (value) => Math.min(NUM_LEVELS - 1, Math.floor((NUM_LEVELS * (value - low)) / (high - low || 1)));
  const classOf = (value) => (value === null ? "color-none" : `level-${level(value)}`);
  coloring = { valueOf, classOf };
  const bound = (index) => shown(low + (index / NUM_LEVELS) * (high - low));
  const steps = Array.from({ length: NUM_LEVELS }, (_, index) => [`level-${index}`, gettext("{low} to {high}", { low: bound(index), high: bound(index + 1) })]);
  fillLegend([...(high > low ? steps : [["level-0", shown(low)]]), ["color-none", gettext("unknown")]]);
}

const shown = (value) => (typeof value === "number" ? number(value, { maximumSignificantDigits: 3, useGrouping: false }) : value);

function fillLegend(entries) {
  byId("legend").replaceChildren(...entries.map(([color, text]) => (
    make("li", {}, make("span", { className: `swatch ${color}` }), text))));
  show(byId("legend"), entries.length > 0);
}
