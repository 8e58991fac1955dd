// The accuracy day by day: a dot with its interval for each day, and a line for the last answers.

import { percent } from "../../shared/amounts.js";
import { date, gettext } from "../../shared/words.js";

const SVG = "http://www.w3.org/2000/svg";
export const HEIGHT = 260;
export const MARGIN = { top: 12, right: 28, bottom: 34, left: 58 };
const MAX_DAYS = 60;
const LABEL_WIDTH = 70;

export function drawCurve(svg, allDays) {
  const days = allDays.filter((day) => day.accuracy.top1).slice(-MAX_DAYS);
  const width = svg.clientWidth;
  if (!width) return; // the page is not visible
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const step = (width - MARGIN.left - MARGIN.right) / Math.max(days.length, 1);
  const across = (index) => MARGIN.left + step * (index + 0.5);
  const down = (fraction) => MARGIN.top + (1 - fraction) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const line = days.map((day, index) => `${across(index)},${down(day.moving_top1.mean)}`).join(" ");
  svg.replaceChildren(
    named("title", "curve-title", gettext("Right answers day by day")),
    named("desc", "curve-text", summary(days)),
    ...grid(width, down),
    ...labels(days, step, across),
    element("polyline", { class: "moving", points: line }),
    ...days.flatMap(({ accuracy: { top1 } }, index) => dot(across(index), top1, down)),
  );
}

export function grid(width, down) {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((fraction) => {
    const y = down(fraction);
    return [
      element("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }),
      text({ x: MARGIN.left - 8, y: y + 5, "text-anchor": "end" }, percent(fraction)),
    ];
  });
}

function labels(days, step, across) {
  const every = Math.ceil(LABEL_WIDTH / step);
  const isNamed = (index) => (days.length - 1 - index) % every === 0;
  return days.map(({ date: day }, index) => isNamed(index)
    ? text({ x: across(index), y: HEIGHT - 10, "text-anchor": "middle" }, shortDate(day))
    : "");
}

export function dot(x, { mean, low, high }, down) {
  return [
    element("line", { class: "interval", x1: x, x2: x, y1: down(low), y2: down(high) }),
    element("circle", { class: "day", cx: x, cy: down(mean), r: 5 }),
  ];
}

function summary(days) {
  if (!days.length) return gettext("There are no answers yet.");
  const about = ({ date: day, accuracy: { top1 } }) => ({ day: shortDate(day), share: percent(top1.mean) });
  const [first, last] = [about(days[0]), about(days.at(-1))];
  if (days.length === 1) return gettext("Words that were right at once: {share} on {day}. The table shows every day.", first);
  return gettext("Words that were right at once: from {first} on {firstDay} to {last} on {lastDay}. The table shows every day.",
    { first: first.share, firstDay: first.day, last: last.share, lastDay: last.day });
}

const shortDate = (day) => date(`${day}T12:00`, { day: "numeric", month: "short" });

export function named(tag, id, content) {
  const made = element(tag, { id });
  made.textContent = content;
  return made;
}

export function text(attributes, content) {
  const made = element("text", attributes);
  made.textContent = content;
  return made;
}

export function element(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
