// What a search found: a clip, or several that could be there, of which one is shown beside the video.

import { ask, fileAddress } from "../../shared/api.js";
import { attempt, byId, inBackground, onClick, show } from "../../shared/dom.js";
import { Films } from "../films.js";
import { Player, stripOf } from "../players.js";
import { addItems, address, itemNamed, onSpace, space } from "../space.js";
import { position, setEnds } from "../path.js";
import { decimal, gettext } from "../../shared/words.js";

const MAX_CLIPS = 8; // the studio's limit
const PANELS = {
  visible: gettext("what was visible"),
  result: gettext("the result"),
  truth: gettext("the video itself"),
  error: gettext("the error of each pixel, from black (none) to yellow (64 of 255 or more)"),
};
const KNOWS = {
  well: "",
  roughly: gettext("The space knows such videos only roughly: the general picture is right, much else is not."),
  not: gettext("What was found has little in common with your video. The space does not know such videos, or the search was too short. Search thoroughly, choose another space, or train one on videos like this."),
};
let [player, films] = [null, null];
let result = null;
let chosen = 0; // the number of the clip that is shown

export function startResult() {
  player = new Player(byId("compared"));
  films = new Films(byId("futures"), MAX_CLIPS, (number) => attempt(() => choose(Number(number))));
  onSpace(hideResult);
  onClick("use-start", () => setEnds(found().item.id, position().end, 0));
  onClick("use-end", () => setEnds(position().start, found().item.id, 1));
}

export function hideResult() {
  show(byId("result-card"), false);
}

export async function showFound(next, isNew) {
  result = next;
  const items = result.found.map(({ item }) => item).filter((item) => item && !itemNamed(item.id));
  if (items.length) addItems(items);
  const isSeveral = result.found.length > 1;
  for (const id of ["futures", "futures-help"]) show(byId(id), isSeveral);
  await choose(0);
  show(byId("result-card"));
  if (isNew) byId("result-card").focus();
  const clips = result.found.map((clip, number) => ({ id: number, words: nameOf(clip, number), load: () => completed(number) }));
  if (isSeveral) inBackground(() => films.show(clips).then(() => films.press(chosen)));
}

const found = () => result.found[chosen];

const nameOf = ({ psnr_observed_db: observed }, number) => gettext("Result {number}: {db} dB", { number: number + 1, db: decimal(observed) });

async function choose(number) {
  chosen = number;
  films.press(number);
  const strip = await stripOfResult(number);
  if (chosen !== number) return; // another one was pressed meanwhile
  const { item, knows } = found();
  player.show(strip);
  for (const id of ["use-start", "use-end"]) byId(id).disabled = item === null;
  byId("compared-names").textContent = gettext("From left to right: {panels}.", { panels: result.panels.map((panel) => PANELS[panel]).join(", ") });
  byId("knows").textContent = KNOWS[knows];
  byId("result-title").textContent = knows === "not" ? gettext("Not found in this space") : gettext("Result");
  show(byId("knows"), knows !== "well");
  byId("scores").textContent = scores({ ...result, ...found() });
  byId("save-result").href = fileAddress(address(`/job/file?sample=${number}`));
}

const stripOfResult = async (number) => stripOf(await ask("GET", address(`/job/strip?sample=${number}`)), space().num_frames);

// The completed clip alone, cut out of the strip on which it stands beside the video.
async function completed(number) {
  const { picture, numFrames } = await stripOfResult(number);
  const { width } = space();
  const numPanels = result.panels.length;
  const gap = (picture.width - numPanels * width) / (numPanels - 1);
  const left = result.panels.indexOf("result") * (width + gap);
  return { picture: await createImageBitmap(picture, left, 0, width, picture.height), numFrames };
}

function scores({ psnr_observed_db: observed, psnr_hidden_db: hidden, ssim, steps, seconds }) {
  const sentences = [
    gettext("The space reproduces what was visible with {db} dB (PSNR).", { db: decimal(observed) }),
    hidden !== null && gettext("What was hidden was filled in with {db} dB.", { db: decimal(hidden) }),
    gettext("The SSIM of the result and the video is {ssim}.", { ssim: decimal(ssim, 2) }),
    gettext("{count} steps took {seconds} s.", { count: steps, seconds: decimal(seconds) }),
  ];
  return sentences.filter(Boolean).join(" ");
}
