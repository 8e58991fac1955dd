// The caregiver's lock: a PIN that deletions and settings need.

import { ask, forgetPin, keepPin, onLocked } from "../../shared/api.js";
import { byId, onClick, onSubmit, show, tell } from "../../shared/dom.js";
import { digitPad } from "./digit_pad.js";
import { address, onProfile, profile, refreshProfile } from "../profile.js";
import { gettext } from "../../shared/words.js";

export function startCaregiver() {
  onLocked(askForPin);
  digitPad(byId("pin-pad"), byId("pin"));
  byId("pin-cancel").addEventListener("click", () => byId("pin-dialog").close());
  onProfile(fillLock);
  onSubmit("lock-form", async () => {
    const pin = byId("new-pin").value;
    await ask("PUT", address("/lock"), { json: { pin } });
    keepPin(pin);
    byId("new-pin").value = "";
    await refreshProfile();
    tell(gettext("Locked. Deletions and settings need this PIN from now on. Write it down."));
    byId("lock-now").focus();
  });
  onClick("lock-now", () => {
    forgetPin();
    tell(gettext("Locked. The next change asks for the PIN."));
  });
  onClick("unlock", async () => {
    await ask("PUT", address("/lock"), { json: { pin: null } });
    forgetPin();
    await refreshProfile();
    tell(gettext("The lock is removed."));
    byId("new-pin").focus();
  });
}

function fillLock() {
  const isLocked = Boolean(profile()?.is_locked);
  byId("lock-state").textContent = isLocked
    ? gettext("Deletions, settings and changes of words need the PIN. Talking, teaching and Undo do not.")
    : gettext("A PIN protects recordings and settings from a slip of the hand. Talking, teaching and Undo need none.");
  show(byId("lock-form"), !isLocked);
  show(byId("locked"), isLocked);
}

function askForPin(problem) {
  const dialog = byId("pin-dialog");
  byId("pin").value = "";
  byId("pin-problem").textContent = problem;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve, reject) => {
    byId("pin-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close("entered");
    };
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "entered") resolve(byId("pin").value);
      else reject(new Error(gettext("Nothing was changed, because it is locked.")));
    }, { once: true });
  });
}
