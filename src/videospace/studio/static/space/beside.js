// A, the middle of the path and B, and the newest samples, all playing side by side.

import { ask } from "../shared/api.js";
import { byId, inBackground, show } from "../shared/dom.js";
import { Films } from "./films.js";
import { onEnds, pick, position } from "./path.js";
import { stripOf } from "./players.js";
import { address, itemNamed, onItems, space } from "./space.js";
import { gettext } from "../shared/words.js";

const SIDE = 128;
const MAX_FRAMES = 16;
const NUM_SAMPLES = 4;
let [path, samples] = [null, null];

export function startBeside() {
  path = new Films(byId("beside-path"), 3);
  samples = new Films(byId("beside-samples"), NUM_SAMPLES, pick);
  const draw = () => byId("beside").open && inBackground(drawAll);
  byId("beside").addEventListener("toggle", draw);
  onEnds(draw);
  onItems(draw);
}

async function drawAll() {
  const { start, end } = position();
  const [from, to] = [itemNamed(start), itemNamed(end)];
  if (!from || !to) return; // another space opens
  const newest = space().items.filter(({ kind }) => kind === "sample").slice(-NUM_SAMPLES);
  show(byId("beside-samples"), newest.length > 0);
  await path.show([
    film(start, `A: ${from.name}`, { start }),
    film("middle", gettext("Middle"), { start, end, ratio: 0.5 }),
    film(end, `B: ${to.name}`, { start: end }),
  ]);
  await samples.show(newest.map(({ id, name }) => film(id, name, { start: id })));
}

function film(id, words, query) {
  const frames = Math.min(MAX_FRAMES, space().num_frames);
  const wanted = new URLSearchParams({ ...query, side: SIDE, frames });
  return { id, words, load: async () => stripOf(await ask("GET", address(`/strip?${wanted}`)), frames) };
}
