// Small gray pictures of the mouth and the face around it, from the camera.

import { mouthPosition } from "../camera/camera_hints.js";
import { byId } from "../../shared/dom.js";
import { CONTEXT_FACTOR, SIDE } from "./mouth_changes.js";

const canvas = document.createElement("canvas");
Object.assign(canvas, { width: SIDE, height: SIDE });
const brush = canvas.getContext("2d", { willReadFrequently: true });
brush.imageSmoothingQuality = "medium"; // averages all px instead of picking a few

export class MouthPictures {
  #frame = 0;
  #position = null;

  // The next picture, and whether it shows another place than the one before; null if the camera has
  // no new picture, or the mouth is not in it.
  next() {
    const video = byId("preview");
    const position = mouthPosition();
    const frame = video.getVideoPlaybackQuality().totalVideoFrames;
    if (frame === this.#frame || !position || !video.videoWidth) return null;
    this.#frame = frame;
    const { x, y, side } = this.#position ?? {};
    const isElsewhere = position.x !== x || position.y !== y || position.side !== side;
    this.#position = position;
    return { picture: grayPicture(video, position), isElsewhere };
  }
}

function grayPicture(video, { x, y, side }) {
  const width = CONTEXT_FACTOR * side;
  brush.drawImage(video, x - width / 2, y - width / 2, width, width, 0, 0, SIDE, SIDE);
  const pixels = brush.getImageData(0, 0, SIDE, SIDE).data;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => 0.3 * pixels[4 * at] + 0.59 * pixels[4 * at + 1] + 0.11 * pixels[4 * at + 2]);
}
