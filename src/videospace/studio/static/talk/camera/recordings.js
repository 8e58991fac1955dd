// Sends recordings to the studio, and keeps or drops them. The page holds the video until it is kept,
// so that it can be sent again if the studio was restarted.

import { ask } from "../../shared/api.js";
import { address } from "../profile.js";

let numSending = 0;
export const isSending = () => numSending > 0;

export async function send(video, { recognize = true } = {}) {
  const path = address(`/recordings?recognize=${recognize}`);
  numSending += 1;
  try {
    const recording = await ask("POST", path, { body: video, type: video.type });
    return { ...recording, video };
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
    const again = await send(recording.video, { recognize: false });
    return choose(again.id);
  }
}

export const drop = (recording) => ask("DELETE", address(`/recordings/${recording.id}`));
