// What was said today, to say it again or to forget it.

import { ask } from "../../shared/api.js";
import { attempt, byId, confirmed, fillIfNew, inBackground, make, onClick, show } from "../../shared/dom.js";
import { address, onProfile, profile } from "../profile.js";
import { spokenForm } from "./media.js";
import { say } from "./voice.js";
import { date, gettext } from "../../shared/words.js";

export function startSaid() {
  onProfile(() => {
    fillIfNew(byId("said-list"), null, () => []);
    if (profile()) inBackground(refreshSaid);
  });
  byId("said-today").addEventListener("toggle", () => byId("said-today").open && attempt(refreshSaid));
  onClick("forget-said", async () => {
    if (!(await confirmed(gettext("Forget everything that was said, also on other days? Words are no longer suggested then.")))) return;
    await ask("DELETE", address("/said"));
    await refreshSaid();
  });
}

export async function refreshSaid() {
  const said = await ask("GET", address("/said"));
  const today = said.filter(({ made }) => new Date(made).toDateString() === new Date().toDateString());
  const sentences = Map.groupBy(today, ({ sentence }) => sentence);
  fillIfNew(byId("said-list"), today, () => [...sentences.values()].reverse().map(sentenceItem));
  show(byId("said-empty"), today.length === 0);
  show(byId("forget-said"), said.length > 0);
}

function sentenceItem(words) {
  const text = words.map((word) => word.text).join(" ");
  const time = date(words[0].made, { timeStyle: "short" });
  const button = make("button", { textContent: text, dir: "auto" });
  button.addEventListener("click", () => say(words.map((word) => spokenForm(word.text)).join(" ")));
  return make("li", { className: "row" }, make("span", { className: "soft", textContent: time }), button);
}
