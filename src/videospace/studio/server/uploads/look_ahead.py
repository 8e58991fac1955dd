"""Finds the mouths in a recording while it is still being made.

The search for faces takes most of the time in which a recording is read. Each frame is searched as
soon as it arrives, and the poses are remembered: when the recording is read at its end, it only has
to be decoded and cropped, and the result is the same.
"""

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.error import FFmpegError
from jaxtyping import UInt8

from videospace.clips.decoding.color import ShownPixels
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.landmarks import LandmarkDetector, LandmarkedPose, Points
from videospace.lipreading.mouth.pose import MouthPose

MAX_REMEMBERED = 600
"""Frames whose poses are remembered, those of several recordings together."""
MAX_GROWING = 4
"""Recordings that are followed at a time."""
MAX_FRAMES = 250
"""Frames of one recording that are searched before its end."""
KEY_STEP_PX = 8
"""Every eighth pixel in either direction tells two frames of a camera apart."""
FORMATS = {".webm": "matroska", ".mp4": "mp4"}


class RememberingDetector:
    """A detector that remembers what it found in the last frames.

    Args:
        detector: Finds the faces.

    Example:
        >>> from videospace.lipreading.mouth.detectors import FixedBox
        >>> detector = RememberingDetector(FixedBox())
        >>> frame = np.zeros((90, 120, 3), np.uint8)
        >>> detector(frame) == detector(frame.copy()), detector.num_searched
        (True, 1)
    """

    def __init__(self, detector: FaceDetector):
        self._detector = detector
        self._found: OrderedDict[bytes, list[MouthPose]] = OrderedDict()
        self.num_searched = 0
        """Frames in which faces were searched, and not remembered."""

    def __call__(self, frame: UInt8[np.ndarray, "height width 3"], /) -> list[MouthPose]:
        """Find every face, or remember them."""
        sample = frame[::KEY_STEP_PX, ::KEY_STEP_PX].tobytes()
        key = hashlib.blake2b(sample, person=str(frame.shape).encode()[:16]).digest()
        if key not in self._found:
            self._found[key] = self._detector(frame)
            self.num_searched += 1
            if len(self._found) > MAX_REMEMBERED:
                self._found.popitem(last=False)
        return self._found[key]

    def points_px(self, frame: UInt8[np.ndarray, "height width 3"], pose: LandmarkedPose) -> Points:
        """Place the points of a face; only a detector that places them finds such poses."""
        assert isinstance(self._detector, LandmarkDetector)
        return self._detector.points_px(frame, pose)


class GrowingVideo:
    """Decodes the frames of a video as they arrive.

    The container is opened anew for each piece, which takes little. The decoder goes on where it
    was, so that each frame is decoded once.
    """

    def __init__(self) -> None:
        self._decoder: Any = None
        self._converter: Any = None
        self._num_packets = 0

    def new_frames(
        self, content: bytes, suffix: str
    ) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
        """Iterate over the frames that were not there the last time, as RGB.

        Args:
            content: The beginning of a WebM or MP4 file, not shorter than the last time.
            suffix: ``".webm"`` or ``".mp4"``.
        """
        try:
            with av.open(io.BytesIO(content), "r", format=FORMATS[suffix]) as container:
                stream = container.streams.video[0]
                # The last packet may be cut off, and the one after it only marks the end.
                packets = [packet for packet in container.demux(stream) if packet.size][:-1]
                for packet in packets[self._num_packets : MAX_FRAMES]:
                    self._num_packets += 1
                    for frame in self._decoder_of(stream).decode(packet):
                        for pixels, _ in self._converter.push(frame, None):
                            yield pixels
        except (FFmpegError, OSError, IndexError):
            return  # too little has arrived yet, or it is damaged, which is reported at the end

    def _decoder_of(self, stream: Any) -> Any:
        if self._decoder is None:
            self._decoder = av.CodecContext.create(stream.codec_context.name, "r")
            self._decoder.extradata = stream.codec_context.extradata
            self._decoder.thread_count = 1
            self._converter = ShownPixels(stream.sample_aspect_ratio, 1)
        return self._decoder


class Follower:
    """Follows several recordings while they arrive."""

    def __init__(self) -> None:
        self._videos: OrderedDict[str, GrowingVideo] = OrderedDict()

    def search(self, upload: str, content: bytes, suffix: str, detector: FaceDetector) -> int:
        """Search the frames that are new, and return how many they are.

        Args:
            upload: Key of the recording.
            content: What has arrived of it.
            suffix: ``".webm"`` or ``".mp4"``.
            detector: Finds the faces, and remembers them.
        """
        video = self._videos.pop(upload, None) or GrowingVideo()
        self._videos[upload] = video
        while len(self._videos) > MAX_GROWING:
            self._videos.popitem(last=False)
        return sum(1 for frame in video.new_frames(content, suffix) if detector(frame) is not None)
