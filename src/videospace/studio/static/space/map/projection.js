// The maps: by the directions in which the clips differ most (PCA), and by their neighbors (t-SNE and
// UMAP), which the studio computes when they are chosen.

import { ask } from "../../shared/api.js";
import { attempt, byId, inBackground, pause } from "../../shared/dom.js";
import { percent } from "../../shared/amounts.js";
import { address, onItems, onSpace, space } from "../space.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 500;
const DIRECTIONS = "pca";
const select = byId("projection");
const options = [...select.options];
let placed = null; // the places by item id, their space and method; null on the map of directions

export const mapShown = () => (placed !== null && placed.space === space() ? placed.method : DIRECTIONS);

// A new item stands beside the first one until the studio has placed it among its neighbors.
export function placeOf({ id, map_xy }) {
  return mapShown() === DIRECTIONS ? map_xy : placed.places[id] ?? Object.values(placed.places)[0];
}

export function startProjection(whenMoved) {
  select.addEventListener("change", () => attempt(async () => {
    const before = mapShown();
    if (select.value === DIRECTIONS) placed = null;
    else await wait();
    showNote();
    if (mapShown() !== before) await whenMoved();
  }));
  onSpace(() => {
    placed = null;
    select.replaceChildren(...options.filter(({ value }) => space().maps.includes(value)));
    select.value = DIRECTIONS;
    showNote();
  });
  onItems(() => mapShown() === select.value && placed && inBackground(async () => {
    if (space().items.every(({ id }) => id in placed.places)) return;
    await wait();
    await whenMoved();
  }));
}

// Says what distances on the map mean.
function showNote() {
  byId("map-note").textContent = mapShown() === DIRECTIONS
    ? gettext("The map shows {share} of the differences between the clips.", { share: percent(space().map_fraction) })
    : gettext("Groups on this map mean something; long distances mean little.");
}

async function wait() {
  const [current, method] = [space(), select.value];
  byId("projection-status").textContent = gettext("Computing the map of neighbors …");
  try {
    for (;;) {
      const found = await ask("GET", address(`/neighbors?method=${method}`));
      if (space() !== current || select.value !== method) return;
      if (found.problem) {
        select.value = mapShown();
        throw new Error(gettext("There is no map of neighbors: {problem}.", { problem: found.problem }));
      }
      if (found.ready) {
        placed = { places: found.places, space: current, method };
        return;
      }
      await pause(POLL_MILLISECONDS);
    }
  } finally {
    byId("projection-status").textContent = "";
  }
}
