"""What the commands that render have in common: size, device, and writing with progress."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from torch import Tensor
from tqdm import tqdm

from videospace.clips.writing import write_video
from videospace.inrv.model.inr import Layer
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device, choose_precision
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """The size of what is rendered; a space has none of its own."""

    height: int | None = None
    """In px; None keeps the aspect if the width is given, or the trained size."""
    width: int | None = None
    """In px; likewise."""
    num_frames: Annotated[int | None, tyro.conf.arg(name="frames")] = None
    """Frames, spread over the clip's time; None follows from --fps, or is the trained number."""
    fps: float | None = None
    """Frames per second; None is the rate of the clips. Alone, it keeps the duration: at twice the
    rate there are twice as many frames, less one."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of all layers but the first; bfloat16 moves a color by 1 of 255 here and there. auto: where
    the processor multiplies it faster."""

    def __post_init__(self) -> None:
        if self.fps is not None and not self.fps > 0:
            raise UserError(f"expected --fps above 0, got {self.fps}")

    def frames_and_fps(self, space: VideoSpace, clip_fps: float | None = None) -> tuple[int, float]:
        """The number of frames and the rate, with what is not given filled in.

        Args:
            space: Gives the number of frames, and the rate where the clips have none of their own.
            clip_fps: Rate of the clips.
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
    """Open a space on the device that is asked for."""
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
    """Render latents straight into a file, or a folder of files, and say what was written.

    Args:
        space: That the latents belong to.
        latents: A row for each clip.
        out: Where to.
        options: The size.
        names: Of the files in a folder.
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
    print(
        f"wrote {out}: {len(latents)} clips of {num_frames} frames, {height}x{width} px, "
        f"at {fps:g} frames per second"
    )


def _shown(frames: Iterator[np.ndarray], num_frames: int) -> Iterator[np.ndarray]:
    """Pass frames on, with a progress bar in a terminal."""
    with tqdm(total=num_frames, desc="rendering", unit="frame", disable=None) as bar:
        for frame in frames:
            yield frame
            bar.update()
