// The selected items of the open space.

import { byId } from "../../shared/dom.js";
import { onSpace, space } from "../space.js";
import { gettext, ngettext } from "../../shared/words.js";

const REMEMBERED = "studio.selection."; // in this tab, for each space
const changed = [];
let selected = new Set();

export const isSelected = ({ id }) => selected.has(id);
export const selectedItems = () => space().items.filter(isSelected);
export const onSelection = (act) => changed.push(act);

export function startSelection() {
  onSpace(() => {
    const kept = JSON.parse(sessionStorage.getItem(REMEMBERED + space().id) ?? "[]");
    select(space().items.map(({ id }) => id).filter((id) => kept.includes(id)));
  });
}

export function select(ids) {
  const before = selected.size;
  selected = new Set(ids);
  sessionStorage.setItem(REMEMBERED + space().id, JSON.stringify([...selected]));
  const count = selectedItems().length;
  const none = before ? gettext("Nothing is selected.") : "";
  byId("selection-status").textContent = count ? ngettext("{count} clip is selected.", "{count} clips are selected.", count) : none;
  changed.forEach((act) => act());
}

// Selects further items beside those that are selected.
export const selectAlso = (ids) => select([...selected, ...ids]);

export function toggleSelected(id) {
  if (selected.has(id)) select([...selected].filter((other) => other !== id));
  else selectAlso([id]);
}
