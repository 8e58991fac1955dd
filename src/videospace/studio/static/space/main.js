// Starts the page of the video spaces.

import { ask, fileAddress } from "../shared/api.js";
import { attempt, byId, inBackground, notify, onClick } from "../shared/dom.js";
import { startBeside } from "./beside.js";
import { colorOf, offerColorings, startColoring } from "./map/coloring.js";
import { drawEnds, drawItems, fadeOthers, layout, layoutPictures, recolor, resetMap, showItem, startMap } from "./map/map.js";
import { startPictures } from "./map/pictures.js";
import { startProjection } from "./map/projection.js";
import { startSearch } from "./map/search.js";
import { startSelectedClips } from "./map/selected_clips.js";
import { startSelection } from "./map/selection.js";
import { showThumbnail, startThumbnail } from "./map/thumbnail.js";
import { startPlayers } from "./players.js";
import { addItems, address, onItems, onSpace, space, startSpaces } from "./space.js";
import { startInversion } from "./video/inversion.js";
import { goTo, pick, position, setEnds, startPath } from "./path.js";
import { startJobs } from "./video/job.js";
import { startResult } from "./video/result.js";
import { startTracks } from "./tracks/tracks.js";
import { gettext } from "../shared/words.js";

const NUM_SAMPLES = 4;

onItems(() => {
  offerColorings();
  drawItems(space().items);
});
onSpace(() => {
  resetMap();
  offerFlow(space().has_flow);
  byId("save-latents").href = fileAddress(address("/latents"));
  notify(space().table_problem && gettext("The labels of the clips are not shown: {problem}.", { problem: space().table_problem }));
});

function offerFlow(isThere) {
  const option = byId("method").querySelector("[value=flow]");
  option.hidden = option.disabled = !isThere;
  if (!isThere && byId("method").value === "flow") byId("method").value = "slerp";
}

onClick("sample", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const json = { count: NUM_SAMPLES, method: byId("method").value, seed };
  const items = await ask("POST", address("/samples"), { json });
  addItems(items);
  await pick(items[0].id);
});
startMap({ pick, showThumbnail: (item) => inBackground(() => showThumbnail(item)), drag: goTo });
startColoring(recolor);
startSelection();
startSelectedClips();
startSearch({
  mark: fadeOthers,
  pick: (item) => {
    showItem(item);
    return pick(item.id);
  },
});
startPictures(layoutPictures);
startThumbnail((item) => [item.name, colorOf(item).words].filter(Boolean).join(": "));
startPath();
startTracks();
startBeside();
startProjection(() => {
  drawEnds({ path: [] }); // the path on this map comes later
  layout();
  return setEnds(position().start, position().end);
});
startInversion();
startResult();
startJobs();
startPlayers();
attempt(startSpaces);
