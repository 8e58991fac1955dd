// Phrases that are spoken with one tap, without recognition.

import { ask } from "../../shared/api.js";
import { byId, make, onClick, onSubmit, show } from "../../shared/dom.js";
import { address, onProfile, profile, refreshProfile } from "../profile.js";
import { say } from "./voice.js";

export function startPhrases() {
  onProfile(list);
  onClick("edit-phrases", () => edit(byId("phrases-form").hidden));
  onSubmit("phrases-form", async () => {
    const lines = byId("phrases-text").value.split("\n").map((line) => line.trim());
    await ask("PATCH", address(), { json: { phrases: lines.filter(Boolean) } });
    edit(false);
    byId("edit-phrases").focus();
    await refreshProfile();
  });
}

function list() {
  const buttons = (profile()?.phrases ?? []).map((phrase) => {
    const button = make("button", { textContent: phrase });
    button.addEventListener("click", () => say(phrase));
    return button;
  });
  byId("phrases").replaceChildren(...buttons);
}

function edit(open) {
  show(byId("phrases-form"), open);
  byId("edit-phrases").setAttribute("aria-expanded", String(open));
  if (!open) return;
  byId("phrases-text").value = profile().phrases.join("\n");
  byId("phrases-text").focus();
}
