"""A trained space of videos: sample, interpolate, render, save and open it."""

import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.inrv.model.encoder import LatentEncoder
from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.model.latent_flow import LatentFlow
from videospace.inrv.rendering import renderer as rendering
from videospace.inrv.space import sampling
from videospace.inrv.space.files import (
    ClipShape,
    StoredPrecision,
    model_fingerprint,
    read_space,
    write_space,
)
from videospace.inrv.space.latent_prior import LatentPrior
from videospace.inrv.space.mixing import mix
from videospace.inrv.space.moved_tracks import TrackMove, moved_path, track_centers
from videospace.inrv.space.pretrained import find_space
from videospace.runtime import checkpoint
from videospace.runtime.device import Precision, choose_device
from videospace.runtime.errors import UserError, did_you_mean
from videospace.runtime.memory import out_of_memory_hint, with_memory_hint
from videospace.runtime.random import random_stream

__all__ = ["ClipShape", "VideoSpace"]

LESS_TO_RENDER = "the number of clips rendered together (--count), --height or --width"


@final
class VideoSpace:
    """A continuous space of videos, in which every latent is a whole clip.

    Args:
        model: Maps latents to videos; it is put into evaluation mode.
        latents: float32, a row for each training clip, of ``model.config.latent.total_width``
            numbers.
        ids: The id of each row's clip; every id once.
        clip: Size and frame rate of the training clips.
        scores: Measured scores by name, for the card.
        encoder: Estimates the latents of clips
            (:func:`videospace.inrv.inversion.encoder_training.train_encoder`); None where none was
            trained.
        about: What the clips show, for the card.
        flow: The learned distribution of latents
            (:func:`videospace.inrv.generation.flow_training.train_flow`); None where none was
            trained.

    Raises:
        UserError: There is not one id for each latent, or an id occurs twice.

    Example:
        >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
        >>> shape = ClipShape(num_frames=4, height=6, width=8, fps=25.0)
        >>> model, latents = InrvModel(ModelConfig()), torch.randn(3, 128)
        >>> space = VideoSpace(model, latents, ["a", "b", "c"], shape)
        >>> space.render(space.interpolate("a", "c", steps=5), height=12).shape
        (5, 4, 12, 16, 3)
    """

    def __init__(
        self,
        model: InrvModel,
        latents: Float[Tensor, "clip latent"],
        ids: Sequence[str],
        clip: ClipShape,
        scores: dict[str, Any] | None = None,
        encoder: LatentEncoder | None = None,
        about: str = "",
        flow: LatentFlow | None = None,
    ):
        if len(ids) != len(latents):
            raise UserError(f"expected an id for each latent, got {len(ids)} for {len(latents)}")
        if len(set(ids)) < len(ids):
            raise UserError("expected every clip id once, got one twice")
        self.model = model.eval().requires_grad_(False)
        self.latents = latents.detach()
        self.ids = list(ids)
        self.clip = clip
        self.scores = scores or {}
        self.encoder = encoder
        self.about = about
        self.flow = flow
        self._rows = {clip_id: row for row, clip_id in enumerate(self.ids)}

    def __repr__(self) -> str:
        clip = self.clip
        about = f"{self.about!r}, " if self.about else ""
        return (
            f"VideoSpace({about}{len(self.ids)} clips of {clip.num_frames} frames of "
            f"{clip.height}x{clip.width} px at {clip.fps:g} fps, "
            f"latents of {self.latents.shape[1]} numbers, on {self.device})"
        )

    @functools.cached_property
    def prior(self) -> LatentPrior:
        """The Gaussian fitted to the latents of the clips; inversion is regularized by it.

        Raises:
            UserError: There are fewer than 2 different latents.
        """
        return LatentPrior.of(self.latents, self.model.config.latent)

    @functools.cached_property
    def usual_frame(self) -> UInt8[np.ndarray, "height width 3"]:
        """The median of frames of training clips; if one still camera filmed them, its background.

        It is that of 4 frames of at most 16 clips, as the space renders them.
        """
        rows = np.unique(np.linspace(0, len(self.ids) - 1, 16).astype(int))
        videos = self.render(self.latents[torch.from_numpy(rows)], num_frames=4)
        return np.median(videos, axis=(0, 1)).astype(np.uint8)

    @property
    def device(self) -> torch.device:
        """The device on which the space computes."""
        return self.latents.device

    def to(self, device: torch.device | str) -> "VideoSpace":
        """Move the space to a device, in place, and return it."""
        self.model.to(device)
        self.latents = self.latents.to(device)
        vars(self).pop("prior", None)
        for network in (self.encoder, self.flow):
            if network is not None:
                network.to(device)
        return self

    def latent(self, clip_id: str) -> Float[Tensor, " latent"]:
        """The latent of a training clip.

        Args:
            clip_id: One of ``ids``.

        Raises:
            UserError: No such clip; the message names the nearest ids.
        """
        if clip_id not in self._rows:
            hint = did_you_mean(clip_id, self.ids)
            raise UserError(f"no clip '{clip_id}' among the {len(self.ids)} of this space{hint}")
        return self.latents[self._rows[clip_id]]

    def sample(
        self,
        count: int,
        *,
        method: sampling.SamplingMethod = "slerp",
        seed: int = 0,
        steps: int = 20,
        truncation: float = 1.0,
        like: str | Float[Tensor, " latent"] | None = None,
        likeness: float = 0.5,
    ) -> Float[Tensor, "count latent"]:
        """Draw new latents.

        Args:
            count: Number of latents, at least 1.
            method: ``slerp``: on arcs between random pairs of clips, the published protocol.
                ``lerp``: on straight lines between them. ``gaussian``: from a Gaussian fitted to
                all latents. ``flow``: by the flow that was trained on them.
            seed: The same seed gives the same samples.
            steps: Of the flow; more are slower and more exact.
            truncation: In (0, 1]: the standard deviation of the noise from which the flow starts.
                Below 1, samples are more usual and differ less.
            like: A clip id, or a latent, that the samples of the flow resemble.
            likeness: In [0, 1): how much they do.

        Returns:
            float32, a row for each sample.

        Raises:
            UserError: The space has only one clip, or no flow where one is needed, or a number is
                out of its range.
        """
        if count < 1:
            raise UserError(f"expected at least 1 sample, got {count}")
        generator = random_stream(seed, "samples")
        if method != "flow":
            if like is not None or truncation != 1:
                raise UserError(
                    "only the method 'flow' takes a clip to resemble (like) and a truncation, "
                    f"not '{method}'"
                )
            return sampling.SAMPLERS[method](
                self.latents, count, generator, config=self.model.config.latent
            )
        if self.flow is None:
            raise UserError("this space has no flow: train one with 'videospace prior SPACE'")
        given = None if like is None else self._latent_of(like)
        return sampling.sample_flow(
            self.flow,
            count,
            generator,
            steps=steps,
            truncation=truncation,
            like=given,
            likeness=likeness,
        )

    def interpolate(
        self,
        start: str | Float[Tensor, " latent"],
        end: str | Float[Tensor, " latent"],
        *,
        steps: int = 9,
        path: sampling.InterpolationPath = "slerp",
    ) -> Float[Tensor, "steps latent"]:
        """Equally spaced latents from one clip to another, both included.

        Args:
            start: A clip id, or a latent.
            end: A clip id, or a latent.
            steps: Number of latents, at least 2.
            path: Along the arc (``slerp``) or the straight line (``lerp``).

        Returns:
            The latents in order, from ``start`` to ``end``.

        Raises:
            UserError: No such clip, a latent of another width, or fewer than 2 steps.
        """
        first, last = (self._latent_of(one)[0] for one in (start, end))
        return sampling.interpolate(first, last, steps, path, self.model.config.latent)

    def mix(
        self, shown: str | Float[Tensor, " latent"], moving: str | Float[Tensor, " latent"]
    ) -> Float[Tensor, " latent"]:
        """The latent of a clip that shows what one clip shows, and moves as another one moves.

        Args:
            shown: A clip id, or a latent: of the constant part, and the looks of tracks.
            moving: A clip id, or a latent: of the keyframes, and the paths of tracks.

        Raises:
            UserError: No such clip, a latent of another width, or a space whose latents have
                neither a constant part nor tracks.
        """
        first, second = (self._latent_of(one) for one in (shown, moving))
        return mix(first, second, self.model.config.latent)[0]

    def mean(self, latents: Float[Tensor, "clip latent"]) -> Float[Tensor, " latent"]:
        """The mean of latents, in which each clip counts the same.

        Args:
            latents: At least one, such as those of :func:`videospace.inrv.find_latents`.

        Raises:
            UserError: There is no latent, or they have another width.

        Example:
            >>> space = VideoSpace.from_pretrained("bouncing-ball")
            >>> space.render(space.mean(space.latents[:3])).shape
            (25, 50, 50, 3)
        """
        return sampling.mean_latent(self._checked(latents), self.model.config.latent)

    def track_paths(
        self, latents: Float[Tensor, "*clip latent"], num_frames: int | None = None
    ) -> Float[Tensor, "*clip track time hw=2"]:
        """Where the tracks of latents are in each frame.

        Args:
            latents: One latent, or a row for each clip.
            num_frames: Frames over the duration of a clip, at least 1; None is that of the training
                clips.

        Returns:
            Centers, height and width, as coordinates: -1 is the upper or left edge of the frame, 1
            the lower or right one.

        Raises:
            UserError: The space has no tracks, latents of another width, or less than one frame.
        """
        num_frames, _, _ = self.render_size(None, None, num_frames)
        if num_frames < 1:
            raise UserError(f"expected at least 1 frame, got {num_frames}")
        times = self.model.frame_times(num_frames, self.device)
        centers = track_centers(self._checked(latents), times, self.model.config.latent)
        return centers if latents.ndim == 2 else centers[0]

    def move_track(
        self,
        latents: Float[Tensor, "*clip latent"],
        track: int,
        *,
        down: float = 0.0,
        right: float = 0.0,
        time: float = 0.0,
        reach: float | None = None,
    ) -> Float[Tensor, "*clip latent"]:
        """Move a track: its thing takes another path, and the rest of the clip stays as it is.

        Args:
            latents: One latent, or a row for each clip.
            track: Its number, from 0.
            down: Distance down in coordinates, in which a frame is 2 high; negative is up. For
                pixels, take ``2 * pixels / space.clip.height``.
            right: Distance to the right likewise, in which a frame is 2 wide.
            time: Where the path is bent; -1 is the first frame, 1 the last.
            reach: Only what is nearer to ``time`` than this is moved, the less the farther away.
                None: the whole path is moved.

        Returns:
            New latents.

        Raises:
            UserError: The space has no such track, a number is out of its bounds or not finite, or
                latents of another width.

        Example:
            >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
            >>> from videospace.inrv.model.latents import LatentConfig
            >>> model = InrvModel(ModelConfig(latent=LatentConfig(num_tracks=2)))
            >>> latents = torch.randn(3, model.config.latent.total_width)
            >>> shape = ClipShape(num_frames=4, height=6, width=8, fps=25.0)
            >>> space = VideoSpace(model, latents, ["a", "b", "c"], shape)
            >>> moved = space.move_track(space.latent("a"), 1, right=0.5)
            >>> by = space.track_paths(moved)[1] - space.track_paths(space.latent("a"))[1]
            >>> by.mean(dim=0).round(decimals=3).tolist()
            [0.0, 0.5]
        """
        move = TrackMove(track=track, down=down, right=right, time=time, reach=reach)
        moved = moved_path(self._checked(latents), move, self.model.config.latent)
        return moved if latents.ndim == 2 else moved[0]

    def render_size(
        self, height: int | None, width: int | None, num_frames: int | None
    ) -> tuple[int, int, int]:
        """The size of a render, with defaults for what is None.

        Args:
            height: In px; None follows from the width at the clips' aspect ratio.
            width: In px; None follows from the height likewise. Both None: the clips' size.
            num_frames: None is the clips' number.

        Returns:
            Number of frames, height and width in px.
        """
        if height is None and width is None:
            height, width = self.clip.height, self.clip.width
        elif height is None:
            height = max(1, round(width * self.clip.height / self.clip.width))  # type: ignore[operator]
        elif width is None:
            width = max(1, round(height * self.clip.width / self.clip.height))
        num_frames = self.clip.num_frames if num_frames is None else num_frames
        return num_frames, height, width  # type: ignore[return-value]

    def render(
        self,
        latents: Float[Tensor, "*clip latent"],
        *,
        height: int | None = None,
        width: int | None = None,
        num_frames: int | None = None,
    ) -> UInt8[np.ndarray, "*clip time height width 3"]:
        """Render latents as videos, all in memory at once.

        Args:
            latents: One latent, or a row for each clip.
            height: In px; None follows from the width, or is that of the training clips.
            width: In px; None follows from the height, or is that of the training clips.
            num_frames: Frames over the duration of a clip; None is that of the training clips.

        Returns:
            uint8 RGB videos; without the first axis for one latent.

        Raises:
            UserError: A size below 1, latents of another width or not finite, or too little memory.
        """
        size = self.render_size(height, width, num_frames)
        with out_of_memory_hint(LESS_TO_RENDER):
            videos = rendering.render(self.model, self._checked(latents), size)
        return videos if latents.ndim == 2 else videos[0]

    def render_frames(
        self,
        latents: Float[Tensor, "*clip latent"],
        *,
        height: int | None = None,
        width: int | None = None,
        num_frames: int | None = None,
        weight_offsets: list[Layer] | None = None,
        precision: Precision = "float32",
    ) -> Iterator[UInt8[np.ndarray, "clip height width 3"]]:
        """Render latents frame by frame, in memory that does not grow with the number of frames.

        Args:
            latents: One latent, or a row for each clip.
            height: In px; None follows from the width, or is that of the training clips.
            width: In px; None follows from the height, or is that of the training clips.
            num_frames: Frames over the duration of a clip; None is that of the training clips.
            weight_offsets: From the weight refinement of these very clips; None without it.
            precision: bfloat16 may be twice as fast, and changes some colors by 1 of 255.

        Yields:
            The frames of all clips at the next time, uint8 RGB.

        Raises:
            UserError: A size below 1, latents of another width or not finite, or too little memory.

        Example:
            >>> from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
            >>> shape = ClipShape(num_frames=4, height=6, width=8, fps=25.0)
            >>> space = VideoSpace(InrvModel(ModelConfig()), torch.randn(2, 128), ["a", "b"], shape)
            >>> [frames.shape for frames in space.render_frames(space.sample(3), num_frames=2)]
            [(3, 6, 8, 3), (3, 6, 8, 3)]
        """
        size = self.render_size(height, width, num_frames)
        latents = self._checked(latents)
        frames = rendering.render_frames(
            self.model, latents, size, weight_offsets=weight_offsets, precision=precision
        )
        return with_memory_hint(frames, LESS_TO_RENDER)

    def _latent_of(self, clip: str | Tensor) -> Float[Tensor, "clip=1 latent"]:
        """A row with the latent of a training clip, or a given one."""
        return self._checked(self.latent(clip) if isinstance(clip, str) else clip)

    def _checked(self, latents: Tensor) -> Float[Tensor, "clip latent"]:
        latents = torch.atleast_2d(latents).to(self.device, torch.float32)
        width = self.model.config.latent.total_width
        if latents.ndim != 2 or latents.shape[1] != width:
            shape = "x".join(map(str, latents.shape))
            raise UserError(f"expected latents of {width} numbers, got {shape}")
        checkpoint.require_finite(latents, "the latents")
        return latents

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that identify the weights of the model."""
        return model_fingerprint(self.model.state_dict())

    def save_pretrained(
        self, folder: Path | str, *, precision: StoredPrecision = "float32"
    ) -> None:
        """Write the space: config.json, model.safetensors, codes.safetensors and README.md.

        Encoder and flow, if there are any, go into encoder.safetensors and flow.safetensors;
        without one, that of an earlier save is removed. Saving is crash-safe: the folder opens as
        the old space or the new.

        Args:
            folder: Made where it does not exist.
            precision: Of weights and latents in the files. ``float16`` halves their size. A space
                opened from such files computes in float32 again, has another fingerprint, and
                renders the same to the eye (above 50 dB).

        Raises:
            UserError: The folder cannot be written to, or a number is too large for the precision.

        Example:
            >>> import tempfile
            >>> space = VideoSpace.from_pretrained("bouncing-ball")
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     space.save_pretrained(folder, precision="float16")
            ...     VideoSpace.from_pretrained(folder).ids == space.ids
            True
        """
        write_space(
            Path(folder),
            self.model,
            self.latents,
            self.ids,
            self.clip,
            scores=self.scores,
            encoder=self.encoder,
            flow=self.flow,
            about=self.about,
            precision=precision,
        )

    @classmethod
    def from_pretrained(
        cls, folder: Path | str, device: torch.device | str = "cpu"
    ) -> "VideoSpace":
        """Open a space. Every field, tensor name, shape and number is checked.

        Args:
            folder: Of the space; or, where there is no such folder, the name of a pretrained space:
                ``"bouncing-ball"`` or ``"moving-mnist"``.
            device: Where it will compute.

        Raises:
            UserError: The folder is no space, is damaged, or comes from a newer version; or there
                is no such device.

        Example:
            >>> space = VideoSpace.from_pretrained("bouncing-ball")
            >>> space.render(space.sample(2), height=24, num_frames=5).shape
            (2, 5, 24, 24, 3)
        """
        return cls(*read_space(find_space(folder))).to(choose_device(str(device)))
