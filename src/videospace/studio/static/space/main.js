// The page of the video space: what belongs together, and in which order it begins.

import { ask } from "../api.js";
import { attempt, byId, inBackground, onClick } from "../dom.js";
import { drawPoints, startMap } from "./map.js";
import { peek, startPeek } from "./peek.js";
import { startScreens } from "./screens.js";
import { addPoints, address, onPoints, space, startSpaces } from "./space.js";
import { startVideo } from "./video.js";
import { goTo, pick, startWalk } from "./walk.js";
import { startWork } from "./work.js";

const NUM_SAMPLES = 4;

onPoints(() => drawPoints(space().points));
onClick("sample", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const json = { count: NUM_SAMPLES, method: byId("method").value, seed };
  const points = await ask("POST", address("/samples"), { json });
  addPoints(points);
  await pick(points[0].id);
});
startMap({ pick, peek: (point) => inBackground(() => peek(point)), drag: goTo });
startPeek();
startWalk();
startVideo();
startWork();
startScreens();
attempt(startSpaces);
