// Requests to the studio. A studio that restarts or is busy is asked again.

import { byId, notify, pause } from "./dom.js";
import { isOutdated } from "./shell.js";
import { gettext, language } from "./words.js";

const MAX_RETRIES = 60;
const BUSY = 503;
const LOCKED_SECONDS = 2;
const LOCKED = gettext("This browser has not been let in yet. Open the last address that the studio printed "
  + "in its terminal window. Each address works once. This page then goes on by itself.");
const TOKEN = "studio.token";
const LANGUAGE = { "Accept-Language": language };
const NEEDS_PIN = 423;
const PIN_MILLISECONDS = 5 * 60 * 1000;
let token = null;
let pin = null; // the caregiver's, for some minutes after it was entered
let askForPin = null;
let pinTimer = 0;
let beginning = null;

export class StudioError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

// Returns the answer: an object, or a blob if it is a picture.
export async function ask(method, path, { json, body, type, signal, retries = MAX_RETRIES } = {}) {
  if (token === null) await beginSession();
  const headers = { ...LANGUAGE, "X-Studio-Token": token };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  if (type) headers["Content-Type"] = type;
  if (pin !== null) headers["X-Studio-Pin"] = pin;
  const content = json === undefined ? body : JSON.stringify(json);
  const options = { method, headers, body: content, signal };
  const answer = await reach(`/api${path}`, options, retries);
  if (answer.ok) return contentOf(answer);
  const { error } = await answer.json().catch(() => ({ error: gettext("the studio did not say why") }));
  const isOutdated = answer.status === 401 || (answer.status === 403 && /older/.test(error));
  if (isOutdated) {
    await beginSession();
    return ask(method, path, { json, body, type, signal, retries });
  }
  if (answer.status === NEEDS_PIN && askForPin) {
    const problem = pin === null ? "" : sentence(error);
    forgetPin();
    keepPin(await askForPin(problem));
    return ask(method, path, { json, body, type, signal, retries });
  }
  if (answer.status === 404) document.dispatchEvent(new Event("missing"));
  throw new StudioError(sentence(error), answer.status);
}

// The address of a file to download. Such a request has no headers of its own.
export function fileAddress(path) {
  return `/api${path}${path.includes("?") ? "&" : "?"}token=${encodeURIComponent(token)}`;
}

// `act` asks for the caregiver's PIN, and throws if there is none.
export const onLocked = (act) => { askForPin = act; };
export const forgetPin = () => { pin = null; };

export function keepPin(entered) {
  pin = entered;
  clearTimeout(pinTimer);
  pinTimer = setTimeout(forgetPin, PIN_MILLISECONDS);
}

function contentOf(answer) {
  if (answer.status === 204) return null;
  const isJson = answer.headers.get("Content-Type").startsWith("application/json");
  return isJson ? answer.json() : answer.blob();
}

function nullUnlessAborted(error) {
  if (error.name === "AbortError") throw error;
  return null;
}

async function reach(address, options, retries = MAX_RETRIES) {
  for (let tries = 0; ; tries += 1) {
    const answer = await fetch(address, options).catch(nullUnlessAborted);
    if (answer && (answer.status !== BUSY || tries >= retries)) {
      if (tries > 0) notify("");
      return answer;
    }
    if (tries >= retries) {
      throw new StudioError(gettext("The studio does not respond. Start it, then reload this page."), 0);
    }
    notify(answer
      ? gettext("The studio is busy. Trying again …")
      : gettext("The studio does not respond. Is it still running? Trying again …"));
    await pause(1000 * (Number(answer?.headers.get("Retry-After")) || 1));
  }
}

// Requests at the same time share one session, so that there is only one dialog for the code.
function beginSession() {
  beginning ??= newSession().finally(() => { beginning = null; });
  return beginning;
}

// The browser keeps the token for pages at this address, and gives it to no other port or site. Until
// there is a session, the page waits for the studio as long as it takes.
async function newSession() {
  let session = await give(keyInAddress()) ?? await kept();
  while (session.needs === "key") {
    notify(LOCKED);
    await pause(LOCKED_SECONDS * 1000);
    session = await kept();
    if (session.needs !== "key") notify("");
  }
  token = session.needs === "code" ? await askForCode() : session.token;
  localStorage.setItem(TOKEN, token);
  if (await isOutdated()) {
    location.reload();
    await new Promise(() => {}); // nothing more is asked by this page
  }
}

async function kept() {
  const headers = { ...LANGUAGE, "X-Studio-Token": localStorage.getItem(TOKEN) ?? "" };
  return (await reach("/api/session", { headers }, Infinity)).json();
}

function sendCode(code) {
  const headers = { ...LANGUAGE, "Content-Type": "application/json" };
  return reach("/api/session", { method: "POST", headers, body: JSON.stringify({ code }) }, Infinity);
}

// Exchanges the key in the printed address for a session. Null without a key, and if it is used up.
async function give(key) {
  if (!key) return null;
  history.replaceState(null, "", location.pathname + location.search);
  const answer = await sendCode(key);
  return answer.ok ? answer.json() : null;
}

function keyInAddress() {
  return new URLSearchParams(location.hash.slice(1)).get("key");
}

window.addEventListener("hashchange", () => {
  if (keyInAddress()) location.reload();
});

function askForCode() {
  const dialog = byId("code-dialog");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  dialog.showModal();
  return new Promise((resolve) => {
    byId("code-form").onsubmit = async (event) => {
      event.preventDefault();
      const answer = await sendCode(byId("code").value);
      const content = await answer.json();
      byId("code-problem").textContent = answer.ok ? "" : sentence(content.error);
      if (!answer.ok) return;
      dialog.close();
      resolve(content.token);
    };
  });
}

function sentence(text) {
  const started = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!।]$/.test(text) ? started : gettext("{sentence}.", { sentence: started });
}
