// Export and import of a person as one file, and the reminder to make a backup.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, count, show, tell } from "../../shared/dom.js";
import { address, chooseProfile, onProfile, profile } from "../profile.js";

const IMPORTS = ["import", "welcome-import"];

export function startArchive() {
  onProfile(fillBackup);
  for (const id of IMPORTS) byId(id).addEventListener("change", () => attempt(() => importFile(byId(id))));
  for (const link of document.querySelectorAll(".export")) {
    link.addEventListener("click", () => {
      profile().backup_is_due = false;
      showReminder(false);
      tell("The backup is saved among the downloads of this device. Copy it to another place, too.");
    });
  }
}

export const showReminder = (isWanted) => show(byId("backup-reminder"), isWanted && Boolean(profile()?.backup_is_due));

function fillBackup() {
  if (!profile()) return showReminder(false);
  for (const link of document.querySelectorAll(".export")) link.href = fileAddress(address("/export"));
  const saved = profile().backed_up;
  byId("backed-up").textContent = saved
    ? `The last backup is of ${new Date(saved).toLocaleDateString(undefined, { dateStyle: "long" })}.`
    : "There is no backup yet.";
  return undefined;
}

async function importFile(input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  const megabytes = (file.size / 2 ** 20).toFixed(1);
  byId("import-text").textContent = `Importing “${file.name}” (${megabytes} MB). Every recording is checked, which takes a moment …`;
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
  tell(`${profile().shown} is here now, with ${count(added.num_words, "word")} and ${count(added.num_clips, "recording")}.`);
}
