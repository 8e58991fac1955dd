"""The frame encoder of the paper: the image encoder of CLIP, by the transformers library."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Float, UInt8
from safetensors import SafetensorError
from torch import Tensor
from torch.nn import functional

from videospace.inrv.semantic.frame_encoders import FrameEncoder, short_hash
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json_file

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class ClipFrameEncoder(FrameEncoder):
    """The image encoder of CLIP with its projection; the paper uses ViT-B/32, width 512.

    Only safetensors files are read, and no code that comes with the weights is executed.

    Args:
        source: A local folder in the format of the transformers library, or an ``owner/name`` on
            the Hugging Face hub, such as ``openai/clip-vit-base-patch32``.
        device: Where to compute.

    Raises:
        UserError: The ``semantic`` extra is missing, or the weights cannot be loaded or are not
            those of a CLIP image encoder.

    Source: Radford et al. (2021).
    """

    def __init__(self, source: str | Path, *, device: torch.device | str = "cpu"):
        tower = _load_clip_tower(source)
        self._tower = tower.float().eval().requires_grad_(False).to(device)
        self._device = torch.device(device)
        self._side = int(tower.config.image_size)
        self._mean, self._std = _clip_normalization(source)
        self.width = int(tower.config.projection_dim)
        # Settings such as the number of heads do not show in the shapes of the weights.
        settings = tower.config.to_json_string(), self._mean, self._std
        self.name = f"clip-{short_hash(tower.state_dict(), settings)}"

    @torch.no_grad()
    def encode(
        self, frames: UInt8[Tensor, "frame height width 3"]
    ) -> Float[Tensor, "frame feature"]:
        """Encode frames, cropped to the square in their center."""
        pixels = clip_pixels(frames.to(self._device), self._side, self._mean, self._std)
        return self._tower(pixel_values=pixels).image_embeds.cpu()


def clip_pixels(
    frames: UInt8[Tensor, "frame height width 3"],
    side: int,
    mean: Sequence[float] = CLIP_MEAN,
    std: Sequence[float] = CLIP_STD,
) -> Float[Tensor, "frame 3 {side} {side}"]:
    """Crop, resize and normalize frames as CLIP's preprocessing does.

    Departs: The central square is cut out before the bicubic resize instead of after it, so that
    a very long and narrow frame is not enlarged by the square of its aspect ratio.

    Args:
        frames: RGB frames of any size.
        side: Height and width of the result in px.
        mean: Mean of red, green and blue, in [0, 1].
        std: Standard deviation of red, green and blue, in [0, 1].

    Returns:
        Pixels minus their mean, divided by their standard deviation.
    """
    height, width = frames.shape[1:3]
    shorter = min(height, width)
    top, left = (height - shorter) // 2, (width - shorter) // 2
    square = frames[:, top : top + shorter, left : left + shorter]
    pixels = rearrange(square, "frame height width rgb -> frame rgb height width").float()
    # With antialiasing, the kernel is that of CLIP's own preprocessing.
    pixels = functional.interpolate(pixels, (side, side), mode="bicubic", antialias=True)
    mean_rgb, std_rgb = (pixels.new_tensor(value).view(3, 1, 1) for value in (mean, std))
    return (pixels.clamp(0, 255) / 255 - mean_rgb) / std_rgb


def _load_clip_tower(source: str | Path):
    try:
        from transformers import CLIPVisionModelWithProjection
    except ImportError as error:
        raise UserError(
            "CLIP features need the 'semantic' extra, which is not installed: "
            'pip install "videospace[semantic]"'
        ) from error

    is_folder = Path(source).is_dir()
    if not is_folder and (isinstance(source, Path) or not _is_hub_id(source)):
        raise UserError(
            f"expected a folder with CLIP weights or an owner/name on the hub, got '{source}': "
            "check the path"
        )
    try:
        with _quiet_transformers():
            loaded: Any = CLIPVisionModelWithProjection.from_pretrained(
                str(source),
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=is_folder,
                output_loading_info=True,
            )
        tower, loading = loaded
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise UserError(
            f"cannot load CLIP weights from '{source}': {reason}; "
            "expected config.json and model.safetensors of a CLIP model"
        ) from error
    if missing := sorted(loading["missing_keys"]):
        raise UserError(
            f"expected the weights of a CLIP image encoder in '{source}', got none for "
            f"'{missing[0]}' and {len(missing) - 1} others: "
            "choose a CLIP model such as openai/clip-vit-base-patch32"
        )
    return tower


def _is_hub_id(source: str) -> bool:
    parts = source.split("/")
    return len(parts) == 2 and all(part and part[0] not in ".~" for part in parts)


@contextlib.contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Silence the library, which would report the unused weights of the text encoder."""
    from transformers.utils import logging

    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()


def _clip_normalization(source: str | Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    from transformers.utils.hub import cached_file

    try:
        path = cached_file(str(source), "preprocessor_config.json")
    except OSError:  # the weights were loaded from there, so only this file is missing
        path = None
    settings = read_json_file(Path(path)) if path else {}
    mean, std = settings.get("image_mean", CLIP_MEAN), settings.get("image_std", CLIP_STD)
    for value in (mean, std):
        is_color = isinstance(value, (list, tuple)) and len(value) == 3
        if not is_color or not all(type(part) in (int, float) for part in value):
            raise UserError(
                f"expected a number for red, green and blue in '{path}', got {value!r:.80}"
            )
    return tuple(mean), tuple(std)
