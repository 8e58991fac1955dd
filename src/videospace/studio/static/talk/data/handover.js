// A sheet for the next helper, to print: how to set up, which words are known, and what helps.

import { ask } from "../../shared/api.js";
import { byId, fillList, onClick, onSubmit, show, tell } from "../../shared/dom.js";
import { address, profile, refreshProfile } from "../profile.js";
import { date, gettext } from "../../shared/words.js";

const FINDERS = {
  dlib: gettext("The whole face has to be in the picture, upright and from the front."),
  mediapipe: gettext("The whole face has to be in the picture."),
  middle: gettext("The mouth has to fill the frame in the middle of the picture. The face need not be seen."),
};
const MAX_WORDS = 40;
const MAX_WEAK = 8;

export function startHandover() {
  onSubmit("notes-form", async () => {
    const { notes } = await ask("GET", address());
    if (notes !== profile().notes) {
      throw new Error(gettext("The text was changed on another page. Copy what you wrote, reload this page, and add it there."));
    }
    await ask("PATCH", address(), { json: { notes: byId("notes").value } });
    await refreshProfile();
    tell(gettext("Saved."));
  });
  onClick("print", () => window.print());
}

export async function showHandover() {
  const [words, { words: progress, accuracy }] = await Promise.all([ask("GET", address("/words")), ask("GET", address("/progress"))]);
  const { shown, finder, phrases, notes, is_locked: isLocked } = profile();
  byId("handover-name").textContent = gettext("Talking with {name}", { name: shown });
  byId("handover-date").textContent = date(new Date(), { dateStyle: "long" });
  byId("handover-finder").textContent = FINDERS[finder];
  byId("handover-notes").textContent = notes;
  byId("notes").value = notes;
  show(byId("handover-notes-part"), Boolean(notes));
  show(byId("handover-lock"), isLocked);
  const known = words.filter((word) => word.num_clips > 0).sort((one, other) => other.num_uses - one.num_uses);
  byId("handover-words").textContent = known.slice(0, MAX_WORDS).map(({ text }) => text).join(" · ") || gettext("None yet.");
  byId("handover-more").textContent = known.length > MAX_WORDS ? gettext("and {count} more", { count: known.length - MAX_WORDS }) : "";
  byId("handover-phrases").textContent = phrases.join(" · ");
  byId("handover-accuracy").textContent = accuracy.top1
    ? gettext("The first word was right {first} times of 100, and one of the first five {five} times.",
      { first: Math.round(100 * accuracy.top1.mean), five: Math.round(100 * accuracy.top5.mean) })
    : gettext("How often the answer is right is not known yet.");
  const weak = progress.filter(({ top1 }) => top1 && top1.mean < 0.5).slice(0, MAX_WEAK);
  fillList(byId("handover-weak"), weak.map(({ word, taken_for: taken }) => taken.length ? gettext("{word}, often taken for {other}", { word, other: taken[0].word }) : word));
}
