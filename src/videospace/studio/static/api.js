// Asking the studio. One that is being started anew, or has too much to do, is waited for.

import { byId, notify, pause } from "./dom.js";

const PATIENCE = 60;
const BUSY = 503;
let token = null;
let beginning = null;

export class StudioError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Gives what the studio answers: an object, or a blob where it is a picture.
export async function ask(method, path, { json, body, type, signal, patience = PATIENCE } = {}) {
  if (token === null) await beginSession();
  const headers = { "X-Studio-Token": token };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (type) headers["Content-Type"] = type;
  const content = json === undefined ? body : JSON.stringify(json);
  const options = { method, headers, body: content, signal };
  const answer = await reach(`/api${path}`, options, patience);
  if (answer.ok) return contentOf(answer);
  const { error } = await answer.json().catch(() => ({ error: "the studio gave no answer" }));
  const isOutdated = answer.status === 401 || (answer.status === 403 && /older/.test(error));
  if (isOutdated) {
    await beginSession();
    return ask(method, path, { json, body, type, signal, patience });
  }
  throw new StudioError(sentence(error), answer.status);
}

function contentOf(answer) {
  if (answer.status === 204) return null;
  const isJson = answer.headers.get("Content-Type").startsWith("application/json");
  return isJson ? answer.json() : answer.blob();
}

function nothingUnlessAborted(error) {
  if (error.name === "AbortError") throw error;
  return null;
}

async function reach(address, options, patience = PATIENCE) {
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(address, options).catch(nothingUnlessAborted);
    if (answer && (answer.status !== BUSY || tries >= patience)) {
      if (tries > 0) notify("");
      return answer;
    }
    if (tries >= patience) {
      throw new StudioError("The studio does not answer. Start it, and load this page again.", 0);
    }
    notify(answer
      ? "The studio has much to do just now. Waiting for its turn …"
      : "The studio does not answer. Is it still running? Waiting for it …");
    await pause(1000 * (Number(answer?.headers.get("Retry-After")) || 1));
  }
}

// Whoever asks meanwhile waits for the same session: there is one dialog for the code.
function beginSession() {
  beginning ??= newSession().finally(() => { beginning = null; });
  return beginning;
}

async function newSession() {
  const session = await (await reach("/api/session")).json();
  token = session.needs_code ? await askForCode() : session.token;
}

function askForCode() {
  const dialog = byId("code-dialog");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    byId("code-form").onsubmit = async (event) => {
      event.preventDefault();
      const body = JSON.stringify({ code: byId("code").value });
      const headers = { "Content-Type": "application/json" };
      const answer = await reach("/api/session", { method: "POST", headers, body });
      const content = await answer.json();
      byId("code-problem").textContent = answer.ok ? "" : sentence(content.error);
      if (!answer.ok) return;
      dialog.close();
      resolve(content.token);
    };
  });
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?!]$/.test(text) ? "" : "."}`;
}
