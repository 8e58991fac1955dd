"""A mouth clip as a film that every browser and player shows."""

import tempfile
from pathlib import Path

from einops import repeat

from videospace.clips.writing import write_video
from videospace.lipreading.mouth.mouth_clip import MouthClip

ENLARGED = 3
"""Times that the 88 px of a clip are repeated along either side, so that players show it sharp."""


def write_film(path: Path, clip: MouthClip) -> Path:
    """Write a clip to a video file, three times as large.

    Args:
        path: File to write; its suffix chooses the format, such as ``.mp4`` or ``.gif``.
        clip: The clip.

    Raises:
        UserError: The suffix is unknown, or the file cannot be written.
    """
    frames = repeat(
        clip.frames, "t h w -> t clip (h a) (w b) rgb", clip=1, a=ENLARGED, b=ENLARGED, rgb=3
    )
    write_video(path, frames, fps=clip.fps)
    return path


def film_of(clip: MouthClip) -> bytes:
    """The content of an MP4 file that shows a clip.

    Raises:
        UserError: There is no room for a temporary file.

    Example:
        >>> import numpy as np
        >>> clip = MouthClip(frames=np.zeros((4, 88, 88), np.uint8), fps=25.0)
        >>> film_of(clip)[4:8]
        b'ftyp'
    """
    with tempfile.TemporaryDirectory() as folder:
        return write_film(Path(folder) / "clip.mp4", clip).read_bytes()
