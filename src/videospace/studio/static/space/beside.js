// A, the middle of the path and B, and the newest samples, all playing side by side.

import { ask } from "../shared/api.js";
import { byId, inBackground, make, show } from "../shared/dom.js";
import { onEnds, position } from "./path.js";
import { Player, stripOf } from "./players.js";
import { address, itemNamed, onItems, space } from "./space.js";
import { gettext } from "../shared/words.js";

const SIDE = 128;
const MAX_FRAMES = 16;
const NUM_SAMPLES = 4;
const players = [];
let newest = 0; // the number of the last drawing: an older one that arrives late is dropped

export function startBeside() {
  for (let number = 0; number < 3 + NUM_SAMPLES; number += 1) {
    const canvas = make("canvas", { id: `beside-${number}` });
    canvas.setAttribute("aria-hidden", "true");
    const figure = make("figure", { hidden: true }, canvas, make("figcaption"));
    byId(number < 3 ? "beside-path" : "beside-samples").append(figure);
    players.push({ figure, player: new Player(canvas.id) });
  }
  const draw = () => byId("beside").open && inBackground(drawAll);
  byId("beside").addEventListener("toggle", draw);
  onEnds(draw);
  onItems(draw);
}

async function drawAll() {
  const { start, end } = position();
  const [from, to] = [itemNamed(start), itemNamed(end)];
  if (!from || !to) return; // another space opens
  newest += 1;
  const number = newest;
  const samples = space().items.filter(({ kind }) => kind === "sample").slice(-NUM_SAMPLES);
  const shown = [
    { words: `A: ${from.name}`, query: { start } },
    { words: gettext("Middle"), query: { start, end, ratio: 0.5 } },
    { words: `B: ${to.name}`, query: { start: end } },
    ...samples.map(({ id, name }) => ({ words: name, query: { start: id } })),
  ];
  show(byId("beside-samples"), samples.length > 0);
  players.slice(shown.length).forEach(({ figure }) => show(figure, false));
  for (const [index, { words, query }] of shown.entries()) {
    const frames = Math.min(MAX_FRAMES, space().num_frames);
    const wanted = new URLSearchParams({ ...query, side: SIDE, frames });
    const strip = await stripOf(await ask("GET", address(`/strip?${wanted}`)), frames);
    if (number !== newest) return;
    const { figure, player } = players[index];
    player.show(strip);
    figure.querySelector("figcaption").textContent = words;
    show(figure);
  }
}
