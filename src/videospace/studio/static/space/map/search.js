// Finds clips by their names, ids, sources and labels.

import { byId, onClick, onSubmit, show } from "../../shared/dom.js";
import { onItems, space } from "../space.js";
import { select } from "./selection.js";
import { gettext } from "../../shared/words.js";

let [matches, next] = [[], 0];

// Calls mark(isFound) with a function of an item, and pick(item) for one match after another.
export function startSearch({ mark, pick }) {
  const search = () => {
    const wanted = byId("search").value.trim().toLowerCase();
    const isFound = (item) => texts(item).some((text) => text.toLowerCase().includes(wanted));
    [matches, next] = [wanted ? space().items.filter(isFound) : [], 0];
    byId("search-status").textContent = wanted ? gettext("{found} of {count} found", { found: matches.length, count: space().items.length }) : "";
    show(byId("select-found"), matches.length > 0);
    mark(wanted ? isFound : () => true);
  };
  byId("search").addEventListener("input", search);
  onItems(search);
  onClick("select-found", () => select(matches.map(({ id }) => id)));
  onSubmit("search-form", () => {
    if (!matches.length) return;
    pick(matches[next % matches.length]);
    next += 1;
  });
}

const texts = ({ id, name, source, values }) => [id, name, source ?? "", ...Object.values(values).map(String)];
