// What is said with one tap and never recognized.

import { ask } from "./api.js";
import { byId, make, onClick, onSubmit, show } from "./dom.js";
import { address, onPerson, person, refreshPerson } from "./person.js";
import { say } from "./speech.js";

export function startPhrases() {
  onPerson(list);
  onClick("edit-phrases", () => edit(byId("phrases-form").hidden));
  onSubmit("phrases-form", async () => {
    const lines = byId("phrases-text").value.split("\n").map((line) => line.trim());
    await ask("PATCH", address(), { json: { phrases: lines.filter(Boolean) } });
    edit(false);
    byId("edit-phrases").focus();
    await refreshPerson();
  });
}

function list() {
  const buttons = (person()?.phrases ?? []).map((phrase) => {
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
  byId("phrases-text").value = person().phrases.join("\n");
  byId("phrases-text").focus();
}
