// Switch scanning: the highlight moves over everything that can be pressed, and the switch presses it.
//
// One switch sends Space or Enter. With two, Space moves the highlight and Enter presses. A press
// counts when it ends, on what was highlighted when it began.

import { isTextField, scanGroups } from "./scan_targets.js";
import { isButtonRecording, pressRecord, releaseRecord } from "./record_button.js";
import { isHold, refuseHold } from "./choices.js";
import { byId } from "../../shared/dom.js";
import { onSettings, settings, settingToggle } from "../talk_settings.js";

// A group that was chosen is passed through so often before its neighbors come again.
const ROUNDS = 2;
// A helper who stops typing in a field for so long has left it.
const TYPING_MILLISECONDS = 20000;

let timer = 0;
let group = []; // what is highlighted
let inside = null; // the group that was chosen: { elements, steps }
let held = null; // the press under way: { code, target, started }
let helpedAt = -Infinity; // when a helper last used the pointer, the Tab key or a field

export function startSwitchScanning() {
  settingToggle("scan", "scanning");
  onSettings(wait);
  document.addEventListener("keydown", onKeyDown, true);
  document.addEventListener("keyup", onKeyUp, true);
  document.addEventListener("focusin", leaveField);
  document.addEventListener("pointerdown", ({ target }) => {
    if (target.closest("input, textarea, label")) helpedAt = performance.now();
  }, true);
  window.addEventListener("blur", () => { held = null; });
}

// Begins again with the first group, as for a new answer.
export function restartScanning() {
  highlight([]);
  inside = null;
  if (settings().scanning && !held) step();
}

function wait() {
  clearTimeout(timer);
  const { scanning, second_switch: isByHand, scan_seconds: seconds } = settings();
  if (!scanning) highlight([]);
  if (scanning && !isByHand) timer = setTimeout(step, 1000 * seconds);
}

function step() {
  wait();
  if (held || isButtonRecording() || isHelperTyping()) return;
  const groups = scanGroups(settings().scan_pattern);
  if (inside) {
    inside.elements = inside.elements.filter((element) => groups.flat().includes(element));
    inside.steps += 1;
    const { elements, steps } = inside;
    if (elements.length && steps < ROUNDS * elements.length) return highlight([elements[steps % elements.length]]);
    inside = null;
  }
  const at = groups.findIndex((each) => each.includes(group[0]));
  highlight(groups[(at + 1) % groups.length] ?? []);
}

function highlight(elements) {
  group.forEach((element) => element.classList.remove("scanned"));
  group = elements;
  group.forEach((element) => element.classList.add("scanned"));
  group[0]?.focus();
  group[0]?.scrollIntoView({ block: "nearest" });
}

function onKeyDown(event) {
  if (event.key === "Tab" || (isTextField(event.target) && event.key !== " ")) helpedAt = performance.now();
  if (!settings().scanning || !isSwitch(event) || isHelperTyping()) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.repeat || held) return;
  const isRecord = group.length === 1 && group[0] === byId("record");
  held = { code: event.code, started: performance.now(), pressed: group, isRecord: isRecord || isButtonRecording() };
  if (held.isRecord && !isMove(event)) pressRecord();
}

function onKeyUp(event) {
  if (!held || event.code !== held.code) return;
  event.preventDefault();
  event.stopPropagation();
  const { pressed, started, isRecord } = held;
  held = null;
  if (isMove(event)) return void step();
  wait(); // a whole step until the highlight moves on
  if (isRecord) return void releaseRecord();
  return press(pressed, performance.now() - started);
}

const isSwitch = (event) => (event.key === " " || event.key === "Enter") && !event.ctrlKey && !event.altKey && !event.metaKey;
const isMove = (event) => settings().second_switch && event.key === " ";

function press(elements, milliseconds) {
  const usable = elements.filter((element) => element.isConnected && !element.disabled);
  if (!usable.length) return;
  if (usable.length > 1) {
    inside = { elements: usable, steps: 0 };
    highlight([usable[0]]);
    return;
  }
  const [element] = usable;
  if (element.matches(".choice") && isHold(milliseconds)) return refuseHold();
  inside = null;
  if (element.matches("select, input")) return nextValue(element);
  element.click();
}

// A list that opens, or a slider, would need other keys.
function nextValue(field) {
  if (field.matches("select")) {
    const enabled = [...field.options].filter((option) => !option.disabled);
    const at = enabled.indexOf(field.selectedOptions[0]);
    field.value = enabled[(at + 1) % enabled.length].value;
  } else if (field.type === "checkbox") {
    return field.click();
  } else if (Number(field.value) >= Number(field.max)) {
    field.value = field.min;
  } else {
    field.stepUp();
  }
  for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
}

// The focus gets into a field by a helper alone: there the switch would type.
function leaveField({ target }) {
  if (settings().scanning && isTextField(target) && !isHelping()) target.blur();
}

const isHelping = () => performance.now() - helpedAt < TYPING_MILLISECONDS;
const isHelperTyping = () => isTextField(document.activeElement) && isHelping();
