// The page Data: settings, another person, and the deletion of a person.

import { ask } from "../../shared/api.js";
import { byId, confirmed, make, onClick, onSubmit, tell } from "../../shared/dom.js";
import { startArchive } from "./archive.js";
import { startCaregiver } from "./caregiver.js";
import { showDevices, startDevices } from "./devices.js";
import { addProfile, address, deleteProfile, onPerson, onProfile, profile, refreshProfile } from "../profile.js";
import { showWords, startWords } from "./words.js";
import { gettext } from "../../shared/words.js";

const LANGUAGES = { "en-us": "English (US)", "en-gb": "English (GB)", de: "Deutsch", fr: "Français", es: "Español", it: "Italiano", nl: "Nederlands", pt: "Português", pl: "Polski", hi: "हिन्दी" };

export function startData() {
  startArchive();
  startCaregiver();
  startDevices();
  startWords();
  onProfile(() => profile() && fillSettings());
  onPerson(() => byId("words").replaceChildren()); // until the words of this person are loaded
  onSubmit("settings-form", async () => {
    const json = { person: byId("set-person").value, language: byId("set-language").value, finder: byId("set-finder").value };
    await ask("PATCH", address(), { json });
    await refreshProfile();
    tell(gettext("Saved."));
  });
  onSubmit("another-form", async () => {
    await addProfile(byId("another").value);
    byId("another").value = "";
    location.hash = "start";
  });
  onClick("delete-person", async () => {
    const question = gettext("Delete everything about {name}: all words, recordings and models?", { name: profile().shown });
    const backup = profile().backed_up ? "" : ` ${gettext("There is no backup of it.")}`;
    if (!(await confirmed(question + backup))) return;
    await deleteProfile();
  });
}

export const showData = () => Promise.all([showWords(), showDevices()]);

function fillSettings() {
  const { person: name, language, finder } = profile();
  const known = { ...LANGUAGES, ...(LANGUAGES[language] ? {} : { [language]: language }) };
  const options = Object.entries(known).map(([value, text]) => make("option", { value, textContent: text }));
  byId("set-language").replaceChildren(...options);
  byId("set-person").value = name;
  byId("set-language").value = language;
  byId("set-finder").value = finder;
}
