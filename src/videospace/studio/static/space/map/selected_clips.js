// What can be done with the selected clips: watch them, average them, save them, clear them.

import { ask } from "../../shared/api.js";
import { byId, inBackground, make, onClick, show } from "../../shared/dom.js";
import { Films } from "../films.js";
import { pick } from "../path.js";
import { addItems, address } from "../space.js";
import { onSelection, select, selectedItems } from "./selection.js";
import { thumbnail } from "./thumbnail.js";
import { gettext, ngettext } from "../../shared/words.js";

const NUM_FILMS = 24;
const KEPT_MILLISECONDS = 60_000; // of a file that the browser saves
let films = null;
let first = 0; // of the clips that are shown

export function startSelectedClips() {
  films = new Films(byId("selected-films"), NUM_FILMS, pick);
  onSelection(() => {
    first = 0;
    showClips();
  });
  onClick("selected-previous", () => turn(-NUM_FILMS));
  onClick("selected-next", () => turn(NUM_FILMS));
  onClick("selected-mean", async () => {
    const items = selectedIds();
    const name = ngettext("mean of {count} clip", "mean of {count} clips", items.length);
    const item = await ask("POST", address("/mean"), { json: { items, name } });
    addItems([item]);
    await pick(item.id);
  });
  onClick("save-selected-latents", async () => {
    save(await ask("POST", address("/latents"), { json: { items: selectedIds() } }), "latents.npz");
  });
  onClick("save-selected-ids", () => {
    save(new Blob(selectedIds().map((id) => `${id}\n`), { type: "text/plain" }), "clips.txt");
  });
  onClick("selected-clear", () => {
    select([]);
    byId("lasso-toggle").focus();
  });
}

const selectedIds = () => selectedItems().map(({ id }) => id);

function turn(by) {
  first += by;
  showClips();
  const [back, on] = [byId("selected-previous"), byId("selected-next")];
  if (document.activeElement.disabled) (by > 0 ? back : on).focus(); // a disabled button would lose the focus
}

function showClips() {
  const items = selectedItems();
  const shown = items.slice(first, first + NUM_FILMS);
  show(byId("selected"), items.length > 0);
  show(byId("selected-pages"), items.length > NUM_FILMS);
  byId("selected-previous").disabled = first === 0;
  byId("selected-next").disabled = first + NUM_FILMS >= items.length;
  byId("selected-range").textContent = gettext("{first} to {last} of {count}", { first: first + 1, last: first + shown.length, count: items.length });
  inBackground(() => films.show(shown.map(({ id, name }) => ({ id, words: name, load: () => thumbnail(id) }))));
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MILLISECONDS);
}
