// Starts all parts of the page, and shows the one that the address names.

import { startHandsFree } from "./hands_free/hands_free.js";
import { startCamera, startCameraCard, stopCamera } from "./camera/camera.js";
import { showDamaged } from "./data/damaged.js";
import { showData, startData } from "./data/data.js";
import { showHandover, startHandover } from "./data/handover.js";
import { showReminder } from "./data/archive.js";
import { attempt, byId, onSubmit, show, tell } from "../shared/dom.js";
import { keepPages } from "../shared/shell.js";
import { setFinder, startHints } from "./camera/camera_hints.js";
import { addProfile, choosePageLanguage, onProfile, profile, startProfiles } from "./profile.js";
import { startMedia } from "./speaking/media.js";
import { startPhraseMedia } from "./speaking/phrase_media.js";
import { startPhrases } from "./speaking/phrases.js";
import { showProgress, startProgress } from "./progress/progress.js";
import { startReport } from "./progress/report.js";
import { restartScanning, startSwitchScanning } from "./speaking/switch_scanning.js";
import { startSaid } from "./speaking/said.js";
import { startSentence } from "./speaking/sentence.js";
import { startVoice } from "./speaking/voice.js";
import { reasonToWait, recognize, startTalk } from "./speaking/talk.js";
import { startDwelling } from "./speaking/dwelling.js";
import { startTalkSettings } from "./talk_settings.js";
import { startFirstSteps } from "./teaching/first_steps.js";
import { showState, startTeach } from "./teaching/teach.js";
import { startTraining } from "./teaching/training.js";
import { gettext, startLanguageChoice } from "../shared/words.js";

const PAGES = ["talk", "teach", "progress", "data", "start", "handover"];
const WITH_CAMERA = ["talk", "teach", "start"];
const WITH_REMINDER = ["teach", "progress", "data"];
// What shows words of the person, in their language.
const OF_THE_PERSON = ["sentence", "suggestions", "guesses", "others", "typed", "phrases", "categories", "phrases-text",
  "phrase-media", "said-list", "partner-text", "prompt", "teach-words", "start-words", "handover-words", "handover-phrases"];
const LANGUAGE_TAG = /^[a-z]{2,3}(-[a-z0-9]{2,8})*$/i;
const page = () => PAGES.find((each) => `#${each}` === location.hash) ?? "talk";
const isOnTalk = () => profile() !== null && page() === "talk";

async function showPage() {
  const open = profile() ? page() : null;
  for (const each of PAGES) {
    show(byId(each), each === open);
    const link = document.querySelector(`[data-page="${each}"]`);
    if (each === open) link?.setAttribute("aria-current", "page");
    else link?.removeAttribute("aria-current");
  }
  show(byId("welcome"), open === null);
  showDamaged(open === null || open === "data");
  showReminder(WITH_REMINDER.includes(open));
  const wantsCamera = WITH_CAMERA.includes(open);
  show(byId("camera-card"), wantsCamera);
  for (const id of ["record", "record-options", "hands-free-state"]) show(byId(id), open === "talk");
  byId("main").classList.toggle("with-camera", wantsCamera);
  const heading = document.querySelector(`[data-page="${open}"]`) ?? byId(open ?? "welcome").querySelector("h1");
  const title = open ? heading.textContent : gettext("Welcome");
  document.title = `${title} – videospace studio`;
  if (open === "data") await showData();
  if (open === "teach") await showState();
  if (open === "progress") await showProgress();
  if (open === "handover") await showHandover();
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
  restartScanning();
});
onSubmit("welcome-form", async () => {
  await addProfile(byId("welcome-name").value);
  byId("welcome-name").value = "";
  location.hash = "start";
});
for (const select of document.querySelectorAll("[data-languages]")) {
  startLanguageChoice(select, (code) => attempt(() => choosePageLanguage(code)));
}
startCameraCard();
startHints();
startMedia();
startVoice();
startSentence();
startSaid();
startPhrases();
startPhraseMedia();
startTalk(isOnTalk);
startTeach();
startTraining();
startProgress();
startReport();
startHandover();
startFirstSteps(() => page() === "start");
startData();
startSwitchScanning();
startDwelling();
startTalkSettings();
startHandsFree(() => (isOnTalk() ? reasonToWait() : "elsewhere"), recognize);
onProfile(() => {
  setFinder(profile()?.finder ?? "middle");
  const spoken = profile()?.language ?? "";
  for (const id of OF_THE_PERSON) byId(id).lang = LANGUAGE_TAG.test(spoken) ? spoken : "";
  attempt(showPage);
});
keepPages();
attempt(async () => {
  await startProfiles();
  tell(sessionStorage.getItem("studio.done") ?? "");
  sessionStorage.removeItem("studio.done");
});
