// Fills tables, and sorts them when a heading is pressed.

import { byId, make } from "../../shared/dom.js";
import { language } from "../../shared/words.js";

// A cell is a text, a number, an element, or { text, order } to sort it by another value.
export function fillTable(id, rows) {
  const table = byId(id);
  const headings = [...table.tHead.rows[0].cells];
  table.tBodies[0].replaceChildren(...rows.map((cells) => make("tr", {}, ...cells.map((cell, column) => tableCell(cell, headings[column])))));
  for (const heading of headings) heading.removeAttribute("aria-sort");
}

export function sortable(id) {
  const table = byId(id);
  for (const heading of table.tHead.rows[0].cells) {
    const button = make("button", { textContent: heading.textContent });
    button.addEventListener("click", () => sort(table, heading));
    heading.replaceChildren(button);
  }
}

function tableCell(cell, heading) {
  const { text = cell, order = text } = cell ?? {};
  const made = make(heading.classList.contains("names-row") ? "th" : "td", {}, text);
  if (made.tagName === "TH") Object.assign(made, { scope: "row", dir: "auto" });
  made.className = heading.className;
  made.order = order;
  return made;
}

function sort(table, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  const column = heading.cellIndex;
  const order = (row) => row.cells[column].order;
  const rows = [...table.tBodies[0].rows].sort((one, other) => compare(order(one), order(other)) * (descending ? -1 : 1));
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  table.tBodies[0].replaceChildren(...rows);
}

const compare = (one, other) => typeof one === "number" ? one - other : String(one).localeCompare(String(other), language);
