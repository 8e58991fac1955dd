// Compares two small gray pictures of a mouth and the face around it: what changed in the mouth
// alone?
//
// A picture has 64 × 64 px. The mouth is the square of 16 × 16 px in the middle. The ring around it
// shows what moves as a whole: the head or the camera.

export const SIDE = 64;
// Width of a picture, in widths of the mouth's square.
export const CONTEXT_FACTOR = 4;
// The largest shift in px that is compensated.
const MARGIN = 8;
const BLOCK = 8;
const PER_ROW = SIDE / BLOCK;
const MOUTH = [27, 28, 35, 36];
const INNER = [...Array(PER_ROW ** 2).keys()].filter((block) => {
  const [row, column] = [Math.floor(block / PER_ROW), block % PER_ROW];
  return Math.min(row, column) > 0 && Math.max(row, column) < PER_ROW - 1;
});
const RING = INNER.filter((block) => !MOUTH.includes(block));
// A shift is ignored if it explains less than this fraction of the change.
const MIN_GAIN = 0.25;
const NEIGHBORS = [[-1, -1], [-1, 0], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 0], [1, 1]];
const PIXELS = [...Array(PER_ROW ** 2).keys()].map((block) => {
  const [top, left] = [Math.floor(block / PER_ROW) * BLOCK, (block % PER_ROW) * BLOCK];
  return Int32Array.from({ length: BLOCK ** 2 }, (_, k) => (top + Math.floor(k / BLOCK)) * SIDE + left + (k % BLOCK));
});
const pixels = (block) => PIXELS[block];

// Removes a change of brightness that is the same everywhere.
export function matchBrightness(picture, past) {
  const brighter = middle(RING.map((block) => level(picture, block) - level(past, block)));
  return past.map((gray) => gray + brighter);
}

// The change of the mouth in gray levels, its texture in gray levels per px, and the motion of the
// ring in px.
export function mouthChanges(past, picture) {
  const ofMouth = MOUTH.map((block) => blockChange(past, picture, block));
  return {
    mouth: mean(ofMouth.map(({ change }) => change)),
    texture: mean(ofMouth.map(({ texture }) => texture)),
    ring: medianShift(RING.map((block) => blockChange(past, picture, block))),
  };
}

// The past picture, shifted to where its ring fits the present one best.
export function align(past, picture) {
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
  return best.cost < (1 - MIN_GAIN) * still.cost ? best.moved : past;
}

// Shifts by bilinear interpolation; the margin stays as it is.
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

// The weighted median of the blocks' motion in px. Blocks with more texture weigh more. A few blocks
// that move on their own, such as the chin or a person in the background, do not matter.
function medianShift(blocks) {
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
