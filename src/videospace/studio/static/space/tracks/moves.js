// How far the tracks of the clip at the position are moved, until A or B is another clip.

const MAX_DISTANCE = 4; // the studio's limit
let moves = [];

// The move of a whole path, or of its part around a moment ({ time, reach }). There is one of each.
export function moveOf(track, bend = null) {
  const isSame = (move) => move.track === track && move.bend?.time === bend?.time;
  const move = moves.find(isSame) ?? { track, bend, down: 0, right: 0 };
  if (!moves.includes(move)) moves.push(move);
  return move;
}

export function setMove(move, down, right) {
  const bounded = (distance) => Math.min(MAX_DISTANCE, Math.max(-MAX_DISTANCE, distance));
  Object.assign(move, { down: bounded(down), right: bounded(right) });
}

// Takes back the moves of a track, or of all.
export function forgetMoves(track = null) {
  moves = moves.filter((move) => track !== null && move.track !== track);
}

// The moves as the studio reads them.
export const moveTexts = () => moves.filter(({ down, right }) => down || right).map(({ track, down, right, bend }) => (
  [track, down, right, ...(bend ? [bend.time, bend.reach] : [])].join(",")));
