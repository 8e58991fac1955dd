"""The flags that all rendering commands share, and writing a video with a progress bar."""

import dataclasses
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from torch import Tensor
from tqdm import tqdm

from videospace.clips.decoding.video_input import frame_size
from videospace.clips.writing import write_video
from videospace.inrv.model.inr import Layer
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device, choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The size, length and frame rate of a render, and where to compute it."""

    height: int | None = None
    """Height in px. None follows from the width and the aspect ratio of the clips; if the width is
    None too, it is the trained height."""
    width: int | None = None
    """Width in px. None follows from the height in the same way."""
    num_frames: Annotated[int | None, tyro.conf.arg(name="frames")] = None
    """Frames, spread over the duration of the clip. None follows from --fps; without it, it is the
    trained number."""
    fps: float | None = None
    """Frames per second; None is the rate of the clips. Without --frames the duration stays the
    same: twice the rate means twice as many frames, less one."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Precision of all layers but the first. bfloat16 changes some colors by 1 of 255. auto chooses
    it if the processor multiplies it faster."""

    def __post_init__(self) -> None:
        if self.fps is not None and not self.fps > 0:
            raise UserError(f"expected --fps above 0, got {self.fps}")

    def frames_and_fps(self, space: VideoSpace, clip_fps: float | None = None) -> tuple[int, float]:
        """The number of frames and the rate, with defaults for those that are not given.

        Args:
            space: The space; it has the default number of frames.
            clip_fps: Frames per second of the clips; None means those of the space.
        """
        own_fps = clip_fps or space.clip.fps
        fps = self.fps or own_fps
        if self.num_frames is not None:
            return self.num_frames, fps
        return round((space.clip.num_frames - 1) * fps / own_fps) + 1, fps


SpaceFolder = Annotated[
    Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPACE|--pretrained NAME")
]
"""A folder that ``videospace train`` has written, or the name of a pretrained space."""

Render = Annotated[RenderOptions, tyro.conf.arg(name="")]
"""Render options as flags of the command itself."""


def open_space(folder: Path, options: RenderOptions) -> VideoSpace:
    """Open a space on the requested device."""
    return VideoSpace.from_pretrained(folder, choose_device(options.device))


def render_to_file(
    space: VideoSpace,
    latents: Tensor,
    out: Path,
    options: RenderOptions,
    names: Sequence[str] | None = None,
    weight_offsets: list[Layer] | None = None,
    clip_fps: float | None = None,
) -> None:
    """Render latents to a file, or to a folder of files, and print what was written.

    Args:
        space: The space of the latents.
        latents: A row for each clip.
        out: The file or folder to write.
        options: Size, length, rate and device.
        names: Names of the files in a folder.
        weight_offsets: From the weight refinement of these very clips; None without it.
        clip_fps: Rate of the clips, if it is another than that of the space.
    """
    num_frames, fps = options.frames_and_fps(space, clip_fps)
    frames = space.render_frames(
        latents,
        height=options.height,
        width=options.width,
        num_frames=num_frames,
        weight_offsets=weight_offsets,
        precision=choose_precision(options.precision, space.device),
    )
    write_video(out, _shown(frames, num_frames), fps=fps, num_frames=num_frames, names=names)
    _, height, width = space.render_size(options.height, options.width, num_frames)
    file_size = shown_size(out, len(latents), (height, width))
    print(
        f"wrote {out}: {counted(len(latents), 'clip')} of {counted(num_frames, 'frame')}, "
        f"{height}x{width} px{file_size}, at {fps:g} frames per second"
    )


def shown_size(out: Path, num_clips: int, size: tuple[int, int]) -> str:
    """Say the size of the pictures in a file, where it is not the size of a clip.

    Several clips in one file are a mosaic, a comparison shows videos side by side, and a contact
    sheet shows a row of frames for each clip.
    """
    suffix = out.suffix.lower()
    if suffix not in (".mp4", ".webm", ".gif", ".png"):
        return ""
    if suffix == ".png":  # from the header alone, since a contact sheet may be huge
        with out.open("rb") as file:
            width, height = struct.unpack(">II", file.read(24)[16:])
        return f", in a contact sheet of {height}x{width} px"
    height, width = frame_size(out)
    if (height, width) == size:
        return ""
    return f", in a {'mosaic' if num_clips > 1 else 'video'} of {height}x{width} px"


def _shown(frames: Iterator[np.ndarray], num_frames: int) -> Iterator[np.ndarray]:
    """Yield frames, with a progress bar in a terminal."""
    with tqdm(total=num_frames, desc="rendering", unit="frame", disable=None) as bar:
        for frame in frames:
            yield frame
            bar.update()
