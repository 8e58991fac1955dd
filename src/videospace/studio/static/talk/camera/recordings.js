// Sends recordings to the studio, and keeps or drops them. The page holds the video until it is kept,
// so that it can be sent again if the studio was restarted.

import { ask } from "../../shared/api.js";
import { address } from "../profile.js";
import { sentenceSoFar } from "../speaking/sentence.js";

const MISSING = 404;
let numSending = 0;
export const isSending = () => numSending > 0;

// A recording that is sent in pieces while it is made. The studio searches the mouth in them, so that
// little is left to do at the end. If anything goes wrong, the whole recording is sent at its end.
export class Upload {
  #id = crypto.randomUUID();
  #address = address();
  #waiting = [];
  #numBytes = 0;
  #isOn = false;
  #isBroken = false;
  #sending = null;

  // Takes a piece of the video.
  add = (piece) => {
    if (!piece.size) return;
    this.#waiting.push(piece);
    this.#send();
  };

  // Begins to send; pieces that came before are kept until then.
  start() {
    this.#isOn = true;
    this.#send();
  }

  // Ends it. Returns what of the video is left to be sent, and the parameters of the request for it.
  async rest(video) {
    this.#isOn = false;
    await this.#sending;
    if (this.#isBroken || !this.#numBytes) return { body: video, parameters: "" };
    const parameters = `&upload=${this.#id}&start=${this.#numBytes}`;
    return { body: video.slice(this.#numBytes), parameters };
  }

  #send() {
    if (this.#isOn && !this.#isBroken && this.#waiting.length) this.#sending ??= this.#sendWaiting();
  }

  async #sendWaiting() {
    const [{ type }] = this.#waiting;
    const piece = new Blob(this.#waiting.splice(0));
    const path = `${this.#address}/uploads/${this.#id}?start=${this.#numBytes}`;
    try {
      await ask("POST", path, { body: piece, type, retries: 0 });
      this.#numBytes += piece.size;
    } catch {
      this.#isBroken = true;
    }
    this.#sending = null;
    this.#send();
  }
}

export async function send(video, { recognize = true, upload = null } = {}) {
  const query = new URLSearchParams([["recognize", recognize], ...sentenceSoFar().map((text) => ["before", text])]);
  const path = address(`/recordings?${query}`);
  numSending += 1;
  try {
    const recording = (upload && await sendRest(path, video, upload)) ?? await ask("POST", path, { body: video, type: video.type });
    return { ...recording, video };
  } finally {
    numSending -= 1;
  }
}

// Returns null if the studio lacks a piece, as after a restart.
async function sendRest(path, video, upload) {
  const { body, parameters } = await upload.rest(video);
  if (!parameters) return null;
  try {
    return await ask("POST", path + parameters, { body, type: video.type });
  } catch (error) {
    if (error.status !== MISSING) throw error;
    return null;
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
