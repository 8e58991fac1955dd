// What a switch can reach: everything on the page that is pressed. Text is typed by a helper, files
// are chosen by a helper, and the page of the video spaces has no scanning.

const PRESSED = "button, summary, select, input[type=range], input[type=checkbox], a[href]";
const LEFT_OUT = ".skip, [download], [data-no-scan], [data-no-scan] *";
const CONTAINERS = "[data-scan-group], form, li, nav, dialog, .card, header, section";
const SAME_ROW_PX = 10;

export const isTextField = (element) =>
  Boolean(element?.matches("textarea, input:not([type=range], [type=checkbox], [type=file], [type=button])"));

// The groups of elements in the order in which they are highlighted: an element alone, a row, or all
// of a container. The answer comes first.
export function scanGroups(pattern) {
  const targets = scanTargets();
  if (pattern === "single") return targets.map((target) => [target]);
  const groups = [];
  for (const target of targets) {
    const last = groups.at(-1);
    const joins = last && (pattern === "rows" ? isInRow(last[0], target) : container(last[0]) === container(target));
    if (joins) last.push(target);
    else groups.push([target]);
  }
  return groups;
}

function scanTargets() {
  const roots = [...document.querySelectorAll("dialog[open], [data-scan-only]")].filter(isVisible);
  const root = roots.find((each) => each.matches("dialog")) ?? roots[0] ?? document.body;
  const found = [...root.querySelectorAll(PRESSED)].filter((each) => !each.disabled && !each.matches(LEFT_OUT) && isVisible(each));
  const isFirst = (element) => element.closest("[data-scan-first]") !== null;
  return [...found.filter(isFirst), ...found.filter((element) => !isFirst(element))];
}

const isVisible = (element) => element.checkVisibility({ visibilityProperty: true });

const container = (element) => element.closest("[data-scan-group]") ?? element.closest(CONTAINERS);

function isInRow(one, other) {
  const [first, second] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
  return Math.abs((first.top + first.bottom - second.top - second.bottom) / 2) < SAME_ROW_PX && areaOf(one) === areaOf(other);
}

const areaOf = (element) => element.closest("dialog, .card, header");
