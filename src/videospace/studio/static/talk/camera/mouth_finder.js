// Finds the mouth in a picture of the camera, with the browser's face detector or in the studio.

import { ask } from "../../shared/api.js";
import { address } from "../profile.js";

const STILL_WIDTH = 480;
// The same as in videospace.lipreading.mouth.pose.
const SIDE_IN_FACE_SIZES = 0.75;
const canvas = document.createElement("canvas");
let detector = "FaceDetector" in window ? new FaceDetector({ maxDetectedFaces: 2 }) : null;

// Returns { numFaces, mouth }. The mouth is { x, y, side, angle } in px of the video and in radians,
// or null if there is no face.
export async function findMouth(video) {
  if (detector) {
    try {
      return largestMouth(await detector.detect(video));
    } catch {
      detector = null; // on some systems it exists but does not work
    }
  }
  return askStudio(video);
}

async function askStudio(video) {
  const scale = Math.min(1, STILL_WIDTH / video.videoWidth);
  Object.assign(canvas, { width: scale * video.videoWidth, height: scale * video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const still = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
  const path = address("/mouths");
  const mouths = await ask("POST", path, { body: still, type: "image/jpeg", retries: 0 });
  const [first] = mouths;
  const mouth = first ? { x: first.x_px / scale, y: first.y_px / scale, side: first.side_px / scale, angle: first.angle } : null;
  return { numFaces: mouths.length, mouth };
}

function largestMouth(faces) {
  const mouths = faces.map(mouthOf).filter(Boolean).sort((one, other) => other.side - one.side);
  return { numFaces: faces.length, mouth: mouths[0] ?? null };
}

function mouthOf({ landmarks }) {
  const centers = (type) => landmarks.filter((each) => each.type === type).map(({ locations }) => middle(locations));
  const eyes = centers("eye").sort((one, other) => one.x - other.x);
  const [mouth] = centers("mouth");
  if (eyes.length < 2 || !mouth) return null;
  const between = middle(eyes);
  const faceSize = Math.max(distance(eyes[0], eyes[1]), distance(between, mouth));
  const angle = Math.atan2(eyes[1].y - eyes[0].y, eyes[1].x - eyes[0].x);
  return { ...mouth, side: SIDE_IN_FACE_SIZES * faceSize, angle };
}

const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y);

function middle(points) {
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return { x: mean("x"), y: mean("y") };
}
