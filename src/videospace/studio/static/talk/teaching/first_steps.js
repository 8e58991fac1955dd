// The first hour: check the camera, check the voice, and choose the first words.

import { isReady } from "../camera/camera.js";
import { mouthPosition } from "../camera/camera_hints.js";
import { byId, onClick, onSubmit, show } from "../../shared/dom.js";
import { onPerson, profile } from "../profile.js";
import { say } from "../speaking/voice.js";
import { voiceSample } from "../speaking/voice_sample.js";
import { starterWords } from "./starter_words.js";
import { teachList } from "./teach.js";
import { gettext } from "../../shared/words.js";

const POLL_MILLISECONDS = 500;
const HEARD = {
  yes: gettext("Good. The voice can be changed on the page Data."),
  no: gettext("Turn up the volume of this device. Then choose another voice on the page Data, or ask who set up the studio to install one."),
};

export function startFirstSteps(isOnPage) {
  setInterval(() => isOnPage() && showCamera(), POLL_MILLISECONDS);
  onClick("start-speak", async () => {
    await say(voiceSample());
    show(byId("start-heard"));
  });
  onClick("start-heard-yes", () => showHeard("yes"));
  onClick("start-heard-no", () => showHeard("no"));
  onSubmit("start-words-form", async () => {
    const text = byId("start-words").value;
    location.hash = "teach";
    await teachList(text);
  });
  onPerson(() => {
    byId("start-words").value = profile() ? starterWords(profile().language).join("\n") : "";
    byId("start-voice-text").textContent = "";
    show(byId("start-heard"), false);
  });
}

function showCamera() {
  const isSeen = isReady() && mouthPosition() !== null && !byId("hint").textContent;
  const text = isSeen ? gettext("The camera sees the mouth.") : gettext("Sit so that the frame is around the mouth. What to change stands below the picture.");
  if (byId("start-camera-text").textContent !== text) byId("start-camera-text").textContent = text;
  byId("start-camera").classList.toggle("done", isSeen);
}

function showHeard(answer) {
  byId("start-voice-text").textContent = HEARD[answer];
  byId("start-voice").classList.toggle("done", answer === "yes");
}
