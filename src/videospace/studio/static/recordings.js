// A film and what becomes of it. The film is held until it is kept, so that a studio that was
// started anew meanwhile can be sent it once more.

import { ask } from "./api.js";
import { address } from "./person.js";

let numSending = 0;
export const isSending = () => numSending > 0;

export async function send(film, { recognize = true } = {}) {
  const path = address(`/recordings?recognize=${recognize}`);
  numSending += 1;
  try {
    const heard = await ask("POST", path, { body: film, type: film.type });
    return { ...heard, film };
  } finally {
    numSending -= 1;
  }
}

export async function keep(recording, word, { used = true } = {}) {
  const choose = (id) => ask("POST", address(`/recordings/${id}/choice`), { json: { word, used } });
  try {
    return await choose(recording.id);
  } catch (error) {
    if (error.status !== 404) throw error;
    const again = await send(recording.film, { recognize: false });
    return choose(again.id);
  }
}

export const drop = (recording) => ask("DELETE", address(`/recordings/${recording.id}`));
