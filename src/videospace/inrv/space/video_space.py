"""A trained space of videos: the model, its codes, and what one does with them."""

import difflib
import functools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from videospace.inrv.model.encoder import LatentEncoder
from videospace.inrv.model.inr import Layer
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.rendering import renderer as rendering
from videospace.inrv.space import sampling
from videospace.inrv.space.files import (
    ClipShape,
    SavedSpace,
    StoredPrecision,
    fingerprint,
    read_space,
    write_space,
)
from videospace.inrv.space.latent_prior import LatentPrior
from videospace.inrv.space.pretrained import find_space
from videospace.runtime import checkpoint
from videospace.runtime.device import Precision, choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.memory import out_of_memory_hint, with_memory_hint

__all__ = ["ClipShape", "VideoSpace"]

LESS_TO_RENDER = "the number of clips rendered together (--count), --height or --width"


@final
class VideoSpace:
    """A continuous space in which one point is a whole clip.

    Args:
        model: Maps latents to videos.
        latents: A row for each training clip.
        ids: The clips' ids, in the same order.
        clip: The size at which the space was trained.
        scores: What was measured, by name; goes on the card.
        encoder: Guesses the latents of clips
            (:func:`videospace.inrv.inversion.encoder_training.train_encoder`); None where none was
            trained.
        about: What the clips show; goes on the card.

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
        self._rows = {clip_id: row for row, clip_id in enumerate(self.ids)}

    @functools.cached_property
    def prior(self) -> LatentPrior:
        """The Gaussian of the clips' latents, which keeps an inversion inside the space.

        Raises:
            UserError: There are fewer than 2 different clips.
        """
        return LatentPrior.of(self.latents, self.model.config.latent.num_keyframes)

    @property
    def device(self) -> torch.device:
        """Where the space computes."""
        return self.latents.device

    def to(self, device: torch.device | str) -> "VideoSpace":
        """Move the space, in place."""
        self.model.to(device)
        self.latents = self.latents.to(device)
        vars(self).pop("prior", None)
        if self.encoder is not None:
            self.encoder.to(device)
        return self

    def latent(self, clip_id: str) -> Float[Tensor, " latent"]:
        """The latent of a training clip.

        Raises:
            UserError: No such clip; the nearest ids are named.
        """
        if clip_id not in self._rows:
            nearest = difflib.get_close_matches(clip_id, self.ids, n=3, cutoff=0.3)
            hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
            raise UserError(f"no clip '{clip_id}' among the {len(self.ids)} of this space{hint}")
        return self.latents[self._rows[clip_id]]

    def sample(
        self,
        count: int,
        *,
        method: Literal["slerp", "lerp", "gaussian"] = "slerp",
        seed: int = 0,
    ) -> Float[Tensor, "count latent"]:
        """New latents.

        Args:
            count: How many.
            method: ``slerp``: on arcs between random pairs of clips, the published protocol.
                ``lerp``: on straight lines between them. ``gaussian``: from a Gaussian fitted to
                all latents.
            seed: The same seed gives the same samples.

        Raises:
            UserError: The space has only one clip, or nothing is asked for.
        """
        if count < 1:
            raise UserError(f"expected at least 1 sample, got {count}")
        generator = torch.Generator().manual_seed(seed)
        if method == "gaussian":
            return sampling.sample_gaussian(self.latents, count, generator)
        return sampling.sample_paths(self.latents, count, generator, method)

    def interpolate(
        self,
        start: str | Float[Tensor, " latent"],
        end: str | Float[Tensor, " latent"],
        *,
        steps: int = 9,
        path: sampling.Path = "slerp",
    ) -> Float[Tensor, "steps latent"]:
        """Latents on the way from one clip to another, both included.

        Args:
            start: A clip id, or a latent.
            end: Likewise.
            steps: How many, at least 2.
            path: Along the arc or the straight line.

        Raises:
            UserError: No such clip, a latent of another width, or fewer than 2 steps.
        """
        first, last = (
            self.latent(point) if isinstance(point, str) else self._checked(point)[0]
            for point in (start, end)
        )
        return sampling.interpolate(first, last, steps, path)

    def render_size(
        self, height: int | None, width: int | None, num_frames: int | None
    ) -> tuple[int, int, int]:
        """Fill in what is not given: one side alone keeps the aspect."""
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
        """Videos of latents, whole in memory.

        Args:
            latents: One, or a row for each clip.
            height: In px; None keeps the aspect, or the trained size.
            width: Likewise.
            num_frames: Spread over the same time; None is the trained number.

        Raises:
            UserError: A size below 1, or latents of another width.
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
        """Like :meth:`render`, but one time step of all clips after another.

        Args:
            latents: One, or a row for each clip.
            height: In px; None keeps the aspect, or the trained size.
            width: Likewise.
            num_frames: Spread over the same time; None is the trained number.
            weight_offsets: From the weight refinement of these very clips; None without it.
            precision: bfloat16 moves a color by 1 of 255 here and there, and may be twice as fast.
        """
        size = self.render_size(height, width, num_frames)
        latents = self._checked(latents)
        frames = rendering.render_frames(
            self.model, latents, size, weight_offsets=weight_offsets, precision=precision
        )
        return with_memory_hint(frames, LESS_TO_RENDER)

    def _checked(self, latents: Tensor) -> Float[Tensor, "clip latent"]:
        latents = torch.atleast_2d(latents).to(self.device, torch.float32)
        width = self.model.config.latent.total_width
        if latents.ndim != 2 or latents.shape[1] != width:
            shape = "x".join(map(str, latents.shape))
            raise UserError(f"expected latents of {width} numbers, got {shape}")
        checkpoint.require_finite(latents, "the latents")
        return latents

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that name these weights."""
        return fingerprint(self.model.state_dict())

    def save_pretrained(
        self, folder: Path | str, *, precision: StoredPrecision = "float32"
    ) -> None:
        """Write the space: config.json, model.safetensors, codes.safetensors and a card.

        Its encoder, if it has one, goes into encoder.safetensors; one of an earlier save goes away.
        A kill at any moment leaves a space that can be opened, the old one or the new one.

        Args:
            folder: Made where it does not exist.
            precision: Of weights and codes in the files. ``float16`` halves them; the space that
                is opened from there computes in float32 again, has a fingerprint of its own, and
                renders what the eye cannot tell from this one (above 50 dB).

        Raises:
            UserError: The folder cannot be written to, or a number is too large for the precision.
        """
        saved = SavedSpace(
            self.model, self.latents, self.ids, self.clip, self.scores, self.encoder, self.about
        )
        write_space(Path(folder), saved, precision)

    @classmethod
    def from_pretrained(
        cls, folder: Path | str, device: torch.device | str = "cpu"
    ) -> "VideoSpace":
        """Open a space, strictly: every field, name, shape and number has to be right.

        Args:
            folder: Of the space; or, where there is no such folder, the name of a space that comes
                with the package: ``"bouncing-ball"`` or ``"moving-mnist"``.
            device: Where it will compute.

        Raises:
            UserError: The folder is no space, is damaged, or comes from a newer version; or there
                is no such device.
        """
        return cls(*read_space(find_space(folder))).to(choose_device(str(device)))
