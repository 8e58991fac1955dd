// The people whose data cannot be opened. Their files can be saved, and deleted.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, confirmed, make, show, tell } from "../../shared/dom.js";
import { damagedProfiles, refreshProfile } from "../profile.js";
import { megabytes } from "../../shared/amounts.js";
import { gettext } from "../../shared/words.js";

export function showDamaged(isPlace) {
  byId("damaged-people").replaceChildren(...damagedProfiles().map(damagedRow));
  show(byId("damaged"), isPlace && damagedProfiles().length > 0);
}

function damagedRow({ id, person: name, damage, num_bytes: bytes }) {
  const path = `/profiles/${encodeURIComponent(id)}`;
  const save = make("a", { className: "button", href: fileAddress(`${path}/export?as_is=true`), textContent: gettext("Save the files") });
  save.download = "";
  save.setAttribute("aria-label", gettext("Save the files of {name}", { name }));
  return make("li", {},
    make("p", {}, make("strong", { textContent: name }), ` (${megabytes(bytes)}): ${damage}`),
    make("div", { className: "row" }, save, deleteButton(name, path)));
}

function deleteButton(name, path) {
  const button = make("button", { className: "danger", textContent: gettext("Delete") });
  button.setAttribute("aria-label", gettext("Delete everything about {name}", { name }));
  button.addEventListener("click", () => attempt(async () => {
    const question = gettext("Delete everything about {name}? Save the files first: somebody may be able to repair them.", { name });
    if (!(await confirmed(question))) return;
    await ask("DELETE", path);
    await refreshProfile();
    tell(gettext("Everything about {name} is deleted.", { name }));
    byId("main").focus();
  }));
  return button;
}
