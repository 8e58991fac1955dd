// The learning curve: how often the answer is right after one recording of each word, two, and more.

import { HEIGHT, MARGIN, dot, element, grid, named, text } from "./accuracy_curve.js";
import { percent } from "../../shared/amounts.js";
import { gettext, number } from "../../shared/words.js";

export function drawLearningCurve(svg, scores) {
  const width = svg.clientWidth;
  if (!width) return; // the page is not visible
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const step = (width - MARGIN.left - MARGIN.right) / scores.length;
  const across = (index) => MARGIN.left + step * (index + 0.5);
  const down = (fraction) => MARGIN.top + (1 - fraction) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = scores.map(({ top1 }, index) => `${across(index)},${down(top1.mean)}`).join(" ");
  const summary = scores.length
    ? gettext("Right at once: {first} after one recording of each word, {last} after {count}. The table shows every step.",
      { first: percent(scores[0].top1.mean), last: percent(scores.at(-1).top1.mean), count: scores.length })
    : "";
  svg.replaceChildren(
    named("title", "learning-title", gettext("Right answers by recordings of each word")),
    named("desc", "learning-text", summary),
    ...grid(width, down),
    ...scores.map(({ num_shots: shots }, index) => text({ x: across(index), y: HEIGHT - 10, "text-anchor": "middle" }, number(shots))),
    element("polyline", { class: "moving", points: line }),
    ...scores.flatMap(({ top1 }, index) => dot(across(index), top1, down)),
  );
}
