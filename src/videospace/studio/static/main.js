// Which page is shown, and to whom.

import { startAuto } from "./auto.js";
import { startCamera, startCameraCard, stopCamera } from "./camera.js";
import { showData, startData } from "./data.js";
import { attempt, byId, onSubmit, show } from "./dom.js";
import { setFinder, startHints } from "./hints.js";
import { addPerson, onPerson, person, startPeople } from "./person.js";
import { startPhrases } from "./phrases.js";
import { showProgress, startProgress } from "./progress.js";
import { startScanning } from "./scanning.js";
import { startSentence } from "./sentence.js";
import { startVoice } from "./speech.js";
import { hear, isAwaited, startTalk } from "./talk.js";
import { showState, startTeach } from "./teach.js";
import { startTraining } from "./training.js";

const PAGES = ["talk", "teach", "progress", "data"];
const page = () => PAGES.find((each) => `#${each}` === location.hash) ?? "talk";
const isOnTalk = () => person() !== null && page() === "talk";

async function showPage() {
  const open = person() ? page() : null;
  for (const each of PAGES) {
    show(byId(each), each === open);
    const link = document.querySelector(`[data-page="${each}"]`);
    if (each === open) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  show(byId("welcome"), open === null);
  const wantsCamera = open === "talk" || open === "teach";
  show(byId("camera-card"), wantsCamera);
  for (const id of ["record", "ways", "auto-state"]) show(byId(id), open === "talk");
  byId("main").classList.toggle("with-camera", wantsCamera);
  const title = open ? document.querySelector(`[data-page="${open}"]`).textContent : "Welcome";
  document.title = `${title} – videospace studio`;
  if (open === "data") await showData();
  if (open === "teach") await showState();
  if (open === "progress") await showProgress();
  if (wantsCamera) await startCamera();
  else stopCamera();
}

document.addEventListener("camera", (event) => {
  byId("record").disabled = !event.detail;
  byId("lesson-record").disabled = !event.detail;
});
window.addEventListener("hashchange", () => {
  attempt(showPage);
  byId("main").focus();
});
onSubmit("welcome-form", () => addPerson(byId("welcome-name").value));
startCameraCard();
startHints();
startVoice();
startSentence();
startPhrases();
startTalk(isOnTalk);
startTeach();
startTraining();
startProgress();
startData();
startScanning(isOnTalk);
startAuto(() => isOnTalk() && isAwaited(), (film) => hear(film, { isAuto: true }));
onPerson(() => {
  setFinder(person()?.finder ?? "middle");
  attempt(showPage);
});
attempt(startPeople);
