"""The former name of ``clips.decoding.video_input``; it goes with the next version."""

import warnings

from videospace.clips.decoding.video_input import VideoInfo, probe, read_frames
from videospace.runtime.errors import UnreadableVideo

__all__ = ["UnreadableVideo", "VideoInfo", "probe", "read_frames"]

warnings.warn(
    "videospace.clips.video_input is now called videospace.clips.decoding.video_input",
    FutureWarning,
    stacklevel=2,
)
