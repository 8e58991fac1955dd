// The people whose data cannot be opened. Their files can be saved, and deleted.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, confirmed, make, show, tell } from "../../shared/dom.js";
import { damagedProfiles, refreshProfile } from "../profile.js";

export function showDamaged(isPlace) {
  byId("damaged-people").replaceChildren(...damagedProfiles().map(damagedRow));
  show(byId("damaged"), isPlace && damagedProfiles().length > 0);
}

function damagedRow({ id, person: name, damage, num_bytes: bytes }) {
  const path = `/profiles/${encodeURIComponent(id)}`;
  const save = make("a", { className: "button", href: fileAddress(`${path}/export?as_is=true`), textContent: "Save the files" });
  save.download = "";
  save.setAttribute("aria-label", `Save the files of ${name}`);
  return make("li", {},
    make("p", {}, make("strong", { textContent: name }), ` (${(bytes / 2 ** 20).toFixed(1)} MB): ${damage}`),
    make("div", { className: "row" }, save, deleteButton(name, path)));
}

function deleteButton(name, path) {
  const button = make("button", { className: "danger", textContent: "Delete" });
  button.setAttribute("aria-label", `Delete everything about ${name}`);
  button.addEventListener("click", () => attempt(async () => {
    const question = `Delete everything about ${name}? Save the files first: somebody may be able to repair them.`;
    if (!(await confirmed(question))) return;
    await ask("DELETE", path);
    await refreshProfile();
    tell(`Everything about ${name} is deleted.`);
    byId("main").focus();
  }));
  return button;
}
