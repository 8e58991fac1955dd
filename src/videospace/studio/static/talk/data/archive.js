// Export and import of a person as one file, and the reminder to make a backup.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, show, tell } from "../../shared/dom.js";
import { address, chooseProfile, onProfile, profile } from "../profile.js";
import { countRecordings, countWords, megabytes } from "../../shared/amounts.js";
import { date, gettext } from "../../shared/words.js";

const IMPORTS = ["import", "welcome-import"];

export function startArchive() {
  onProfile(fillBackup);
  for (const id of IMPORTS) byId(id).addEventListener("change", () => attempt(() => importFile(byId(id))));
  for (const link of document.querySelectorAll(".export")) {
    link.addEventListener("click", () => {
      profile().backup_is_due = false;
      showReminder(false);
      tell(gettext("The backup is saved among the downloads of this device. Copy it to another place, too."));
    });
  }
}

export const showReminder = (isWanted) => show(byId("backup-reminder"), isWanted && Boolean(profile()?.backup_is_due));

function fillBackup() {
  if (!profile()) return showReminder(false);
  for (const link of document.querySelectorAll(".export")) link.href = fileAddress(address("/export"));
  const saved = profile().backed_up;
  byId("backed-up").textContent = saved
    ? gettext("The last backup is of {day}.", { day: date(saved, { dateStyle: "long" }) })
    : gettext("There is no backup yet.");
  return undefined;
}

async function importFile(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  byId("import-text").textContent = gettext("Importing “{file}” ({size}). Every recording is checked, which takes a moment …",
    { file: file.name, size: megabytes(file.size) });
  show(byId("importing"));
  for (const id of IMPORTS) byId(id).disabled = true;
  let added;
  try {
    added = await ask("POST", "/profiles/import", { body: file, type: "application/zip" });
  } finally {
    show(byId("importing"), false);
    for (const id of IMPORTS) byId(id).disabled = false;
  }
  await chooseProfile(added.id);
  tell(gettext("{name} is here now, with {words} and {recordings}.",
    { name: profile().shown, words: countWords(added.num_words), recordings: countRecordings(added.num_clips) }));
}
