// Lets a phone or tablet in, by a picture to scan.

import { ask } from "../../shared/api.js";
import { byId, onClick, show } from "../../shared/dom.js";
import { gettext } from "../../shared/words.js";

const COMMAND = "videospace studio --allow-remote --open";
let ending = 0;

export function startDevices() {
  onClick("invite", invite);
}

export async function showDevices() {
  hide();
  const { address, fingerprint } = await ask("GET", "/devices");
  byId("devices-state").textContent = address
    ? gettext("Phones and tablets in this network find the studio at {address}", { address })
    : gettext("Only this machine can open the studio. For a phone or tablet, end it, and start it with: {command}", { command: COMMAND });
  byId("fingerprint").textContent = fingerprint ?? "";
  show(byId("invite"), address !== null);
}

async function invite() {
  const { picture, valid_minutes: minutes } = await ask("POST", "/devices/invitations");
  hide();
  byId("invitation-picture").src = URL.createObjectURL(new Blob([picture], { type: "image/svg+xml" }));
  show(byId("invitation"));
  ending = setTimeout(hide, 60000 * minutes);
}

function hide() {
  clearTimeout(ending);
  URL.revokeObjectURL(byId("invitation-picture").src);
  byId("invitation-picture").removeAttribute("src");
  show(byId("invitation"), false);
}
