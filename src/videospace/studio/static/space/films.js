// Grids of clips that play, each with its name.

import { make, show } from "../shared/dom.js";
import { Player } from "./players.js";

export class Films {
  // Has room for `count` clips. With `pick`, each is a button that calls pick(id).
  constructor(grid, count, pick = null) {
    this.newest = 0; // the number of the last call of show(): an older one that goes on is dropped
    this.places = Array.from({ length: count }, (_, index) => newTile(`${grid.id}-${index}`, pick));
    grid.append(...this.places.map(({ element }) => element));
  }

  // Shows clips, each as { id, words, load }; load() asks for its strip, one after another.
  async show(films) {
    this.newest += 1;
    const number = this.newest;
    for (const { element, player } of this.places.slice(films.length)) {
      show(element, false);
      player.strip = null; // nothing is drawn where nobody sees it
    }
    for (const [index, { id, words, load }] of films.entries()) {
      const strip = await load();
      if (number !== this.newest) return;
      const { element, name, player } = this.places[index];
      show(element, strip !== null);
      if (!strip) continue;
      player.show(strip);
      name.textContent = words;
      element.dataset.clip = id;
    }
  }

  // Marks the button of one clip as the pressed one.
  press(id) {
    for (const { element } of this.places) element.setAttribute("aria-pressed", String(element.dataset.clip === String(id)));
  }
}

function newTile(id, pick) {
  const canvas = make("canvas", { id });
  canvas.setAttribute("aria-hidden", "true");
  const name = make(pick ? "span" : "figcaption", { className: "tile-name" });
  const element = make(pick ? "button" : "figure", { className: "tile", hidden: true }, canvas, name);
  if (pick) {
    element.type = "button";
    element.addEventListener("click", () => pick(element.dataset.clip));
  }
  return { element, name, player: new Player(canvas) };
}
