// The two maps: by the directions in which the clips differ most (PCA), and by their neighbors
// (t-SNE), which the studio computes when it is chosen.

import { ask } from "../shared/api.js";
import { attempt, byId, inBackground, pause } from "../shared/dom.js";
import { address, onItems, onSpace, space } from "./space.js";
import { gettext } from "../shared/words.js";

const POLL_MILLISECONDS = 500;
const select = byId("projection");
let placed = null; // the places by item id, and the space they belong to; null on the map of directions

export const isByNeighbors = () => placed !== null && placed.space === space();

// A new item stands beside the first one until the studio has placed it among its neighbors.
export function placeOf({ id, map_xy }) {
  return isByNeighbors() ? placed.places[id] ?? Object.values(placed.places)[0] : map_xy;
}

export function startProjection(whenMoved) {
  const change = () => attempt(async () => {
    const wasByNeighbors = isByNeighbors();
    if (select.value === "directions") placed = null;
    else await wait();
    if (isByNeighbors() || wasByNeighbors) await whenMoved();
  });
  select.addEventListener("change", change);
  onSpace(() => {
    placed = null;
    select.value = "directions";
  });
  onItems(() => isByNeighbors() && inBackground(async () => {
    if (space().items.every(({ id }) => id in placed.places)) return;
    await wait();
    await whenMoved();
  }));
}

async function wait() {
  const current = space();
  byId("projection-status").textContent = gettext("Computing the map of neighbors …");
  try {
    for (;;) {
      const found = await ask("GET", address("/neighbors"));
      if (space() !== current || select.value !== "neighbors") return;
      if (found.problem) {
        select.value = "directions";
        throw new Error(gettext("There is no map of neighbors: {problem}.", { problem: found.problem }));
      }
      if (found.ready) {
        placed = { places: found.places, space: current };
        return;
      }
      await pause(POLL_MILLISECONDS);
    }
  } finally {
    byId("projection-status").textContent = "";
  }
}
