// Two small gray pictures of a mouth and the face around it: what changed in the mouth alone.
//
// A picture is 64 × 64 px: the mouth's square in the middle 16 × 16, and around it the face, which
// shows what moves as a whole: the head, the camera.

export const SIDE = 64;
// So many times as wide as the mouth's square is a picture.
export const AROUND = 4;
// Pictures are held still by up to so many px.
const MARGIN = 8;
const BLOCK = 8;
const PER_ROW = SIDE / BLOCK;
const MOUTH = [27, 28, 35, 36];
const INNER = [...Array(PER_ROW ** 2).keys()].filter((block) => {
  const [row, column] = [Math.floor(block / PER_ROW), block % PER_ROW];
  return Math.min(row, column) > 0 && Math.max(row, column) < PER_ROW - 1;
});
const RING = INNER.filter((block) => !MOUTH.includes(block));
// A shift that explains less than this share of what changed is none.
const WORTH = 0.25;
const NEIGHBORS = [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];
const PIXELS = [...Array(PER_ROW ** 2).keys()].map((block) => {
  const [top, left] = [Math.floor(block / PER_ROW) * BLOCK, (block % PER_ROW) * BLOCK];
  return Int32Array.from({ length: BLOCK ** 2 }, (_, k) => (top + Math.floor(k / BLOCK)) * SIDE + left + (k % BLOCK));
});
const pixels = (block) => PIXELS[block];

// Light that changes everywhere alike is no change.
export function inLightOf(picture, past) {
  const brighter = middle(RING.map((block) => level(picture, block) - level(past, block)));
  return past.map((gray) => gray + brighter);
}

// What changed in the mouth in gray levels, how steep its picture is in levels a px, and how far
// the ring moved, in px.
export function changes(past, picture) {
  const ofMouth = MOUTH.map((block) => blockChange(past, picture, block));
  return {
    mouth: mean(ofMouth.map(({ change }) => change)),
    texture: mean(ofMouth.map(({ texture }) => texture)),
    ring: shiftOfMost(RING.map((block) => blockChange(past, picture, block))),
  };
}

// The past picture, moved as a whole to where its ring fits the present one best.
export function holdStill(past, picture) {
  const still = { moved: past, cost: ringChange(past, picture), down: 0, across: 0 };
  let best = still;
  for (let step = MARGIN / 2; step >= 0.25; step /= 2) {
    const { down, across } = best;
    for (const [up, left] of NEIGHBORS) {
      const tried = { down: down + step * up, across: across + step * left };
      if (Math.max(Math.abs(tried.down), Math.abs(tried.across)) >= MARGIN) continue;
      tried.moved = moved(past, tried);
      tried.cost = ringChange(tried.moved, picture);
      if (tried.cost < best.cost) best = tried;
    }
  }
  return best.cost < (1 - WORTH) * still.cost ? best.moved : past;
}

// By bilinear interpolation; the margin is left as it is.
function moved(picture, { down, across }) {
  const [rows, columns] = [Math.floor(down), Math.floor(across)];
  const [low, right] = [down - rows, across - columns];
  const found = picture.slice();
  for (let row = MARGIN; row < SIDE - MARGIN; row += 1) {
    for (let column = MARGIN; column < SIDE - MARGIN; column += 1) {
      const at = (row + rows) * SIDE + column + columns;
      const above = picture[at] + right * (picture[at + 1] - picture[at]);
      const below = picture[at + SIDE] + right * (picture[at + SIDE + 1] - picture[at + SIDE]);
      found[row * SIDE + column] = above + low * (below - above);
    }
  }
  return found;
}

function ringChange(past, picture) {
  let sum = 0;
  for (const block of RING) {
    for (const at of pixels(block)) sum += Math.abs(picture[at] - past[at]);
  }
  return sum;
}

// How far the blocks moved, in px. Those with more to see weigh more, and a few that move alone,
// such as the chin or somebody behind, are outvoted.
function shiftOfMost(blocks) {
  const votes = blocks.map(({ change, texture }) => ({ shift: change / (texture + 1), weight: texture ** 2 }));
  votes.sort((one, other) => one.shift - other.shift);
  let left = votes.reduce((sum, { weight }) => sum + weight, 0) / 2;
  return votes.find(({ weight }) => (left -= weight) <= 0).shift;
}

function blockChange(past, picture, block) {
  let [change, texture] = [0, 0];
  for (const at of pixels(block)) {
    change += Math.abs(picture[at] - past[at]);
    texture += (Math.abs(picture[at + 1] - picture[at]) + Math.abs(picture[at + SIDE] - picture[at])) / 2;
  }
  return { change: change / BLOCK ** 2, texture: texture / BLOCK ** 2 };
}

const level = (picture, block) => mean(pixels(block).map((at) => picture[at]));
const middle = (numbers) => numbers.sort((one, other) => one - other)[numbers.length >> 1];
const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
