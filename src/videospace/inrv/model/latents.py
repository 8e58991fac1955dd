"""Latents: their configuration, their keyframes, and the map from codes (thesis Eq. 3.3)."""

import dataclasses
from typing import Annotated, Literal

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor, nn

from videospace.inrv.model.video_clip_network import VideoClip, VideoClipConfig
from videospace.runtime.reading.bounds import LayerWidth, NumLayers, NumTracks, check_bounds
from videospace.runtime.reading.renamed import renamed


@renamed(
    fields={
        "num_moments": "num_keyframes",
        "normalise": "normalize",
        "mixer_hidden_width": "map_hidden_width",
        "mixer_hidden_layers": "map_hidden_layers",
    }
)
@dataclasses.dataclass(frozen=True, kw_only=True)
class LatentConfig:
    """The size of latents, and how they follow from codes."""

    width: LayerWidth = 128
    """Numbers of a latent m at each of its keyframes (published: 128, or 64 for at most 2000
    clips)."""
    num_keyframes: LayerWidth = 1
    """Temporal keyframes, equally spaced from the first to the last frame of a clip. A latent has
    ``width`` numbers for each; between two keyframes they are interpolated linearly. With 1, as
    published, they hold for the whole clip. More keyframes let few clips teach many movements. A
    space is never trained with more of them than its clips have frames."""
    constant_width: Annotated[int, Meta(ge=0, le=65_536)] = 0
    """Numbers that hold for the whole clip, beside those of the keyframes: who or what is shown,
    while the keyframes tell how it moves."""
    normalize: bool = True
    """Scale every latent, keyframe by keyframe and its constant part by itself, to a root mean
    square of 1 before it is used. The space is then a sphere, and the arc of a slerp passes the
    same latents as the straight line."""
    num_tracks: NumTracks = 0
    """Tracks of a latent: things that move through the clip, each with a look and a path."""
    look_width: LayerWidth = 48
    """Numbers for the look of each track."""
    num_path_keyframes: LayerWidth = 32
    """Keyframes of the path of each track, equally spaced from the first to the last frame; each
    has two numbers. A space is never trained with more of them than its clips have frames."""
    semantic: Literal["none", "video-clip"] = "none"
    """``none``: the latent is the code. ``video-clip``: the latent map φ makes the latent from the
    code and the semantic embedding of Video-CLIP."""
    code_width: LayerWidth | None = None
    """Numbers in a code; None is the latent's width, or 512 with a semantic embedding."""
    map_hidden_width: LayerWidth = 512
    """Units of each hidden layer of φ; not used without a semantic embedding."""
    map_hidden_layers: NumLayers = 1
    """Hidden layers of φ: one in the authors' code, three in their paper."""
    video_clip: VideoClipConfig = VideoClipConfig()
    """The recurrent network over frame features; not used without a semantic embedding."""

    __post_init__ = check_bounds

    @property
    def content_width(self) -> int:
        """Numbers for the content of the clip: the constant ones, then those of all keyframes."""
        return self.constant_width + self.width * self.num_keyframes

    @property
    def width_at_a_time(self) -> int:
        """Numbers for the content at one time: the constant ones, and those of that time."""
        return self.constant_width + self.width

    @property
    def track_width(self) -> int:
        """Numbers of one track: those of its look, then those of its path."""
        return self.look_width + 2 * self.num_path_keyframes

    @property
    def tracks_width(self) -> int:
        """Numbers of all tracks, one after the other."""
        return self.num_tracks * self.track_width

    @property
    def total_width(self) -> int:
        """Numbers in a latent: those of its content, then those of its tracks."""
        return self.content_width + self.tracks_width

    @property
    def shares_content(self) -> bool:
        """Whether all clips have the same content: one number, scaled to 1."""
        is_one_number = self.content_width == 1 and self.normalize
        return is_one_number and self.semantic == "none"

    @property
    def varies_in_time(self) -> bool:
        """Whether every time of a clip has an INR of its own."""
        return self.num_keyframes > 1 or self.num_tracks > 0

    @property
    def effective_code_width(self) -> int:
        """Numbers in a code, also where ``code_width`` is None."""
        if self.semantic == "none":
            return self.total_width
        return (self.code_width or 512) + self.tracks_width


def keyframe_weights(
    times: Float[Tensor, " time"], num_keyframes: int
) -> Float[Tensor, "time keyframe"]:
    """The weights with which the keyframes of a latent are interpolated at some times.

    Args:
        times: -1 is the first frame, 1 the last.
        num_keyframes: Of the latent, at least 1.

    Returns:
        In [0, 1]; at most the two keyframes next to a time have weights above 0, which add up to 1.

    Example:
        >>> keyframe_weights(torch.tensor([-1.0, 0.5]), 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]
    """
    keyframes = torch.arange(num_keyframes, device=times.device)
    positions = (times.clamp(-1, 1) + 1) / 2 * (num_keyframes - 1)
    return (1 - (positions[:, None] - keyframes).abs()).clamp(min=0)


def whole_keyframes(
    content: Float[Tensor, "*clip number"], config: LatentConfig
) -> Float[Tensor, "*clip keyframe width"]:
    """The content at each keyframe; all have the same constant part.

    Example:
        >>> config = LatentConfig(width=1, num_keyframes=2, constant_width=1)
        >>> whole_keyframes(torch.tensor([5.0, 1.0, 2.0]), config).tolist()
        [[5.0, 1.0], [5.0, 2.0]]
    """
    keyframes = content[..., config.constant_width :].unflatten(-1, (config.num_keyframes, -1))
    if not config.constant_width:
        return keyframes
    constant = content[..., None, : config.constant_width]
    return torch.cat([constant.expand(*keyframes.shape[:-1], -1), keyframes], dim=-1)


def content_that_rests(
    values: Float[Tensor, "*clip width"], config: LatentConfig
) -> Float[Tensor, "*clip number"]:
    """The content of clips that are at all times what they are at one time.

    Example:
        >>> config = LatentConfig(width=1, num_keyframes=2, constant_width=1)
        >>> content_that_rests(torch.tensor([5.0, 1.0]), config).tolist()
        [5.0, 1.0, 1.0]
    """
    constant, keyframe = values.tensor_split([config.constant_width], dim=-1)
    return torch.cat([constant, *[keyframe] * config.num_keyframes], dim=-1)


def normalized_content(
    values: Float[Tensor, "*clip width"], config: LatentConfig
) -> Float[Tensor, "*clip width"]:
    """Content at a time as the hypernetwork receives it: scaled, if the latents are normalized."""
    if not config.normalize:
        return values
    parts = values.tensor_split([config.constant_width], dim=-1)
    return torch.cat([with_unit_scale(part) for part in parts if part.shape[-1]], dim=-1)


def with_unit_scale(latents: Float[Tensor, "*clip latent"]) -> Float[Tensor, "*clip latent"]:
    """Scale latents to a root mean square of 1; a latent of zeros stays zero.

    Example:
        >>> with_unit_scale(torch.tensor([[3.0, -3.0]])).tolist()
        [[1.0, -1.0]]
    """
    mean_square = latents.square().mean(dim=-1, keepdim=True)
    return latents * mean_square.clamp(min=1e-12).rsqrt()


class LatentMap(nn.Module):
    """The map φ from codes and frame features to latents; it contains Video-CLIP.

    Without a semantic embedding it is the identity and has no weights.

    Args:
        config: Of the latents.

    Example:
        >>> LatentMap(LatentConfig(width=6))(torch.ones(2, 6), None).shape
        torch.Size([2, 6])
    """

    def __init__(self, config: LatentConfig):
        super().__init__()
        self.config = config
        if config.semantic == "none":
            return
        self.video_clip = VideoClip(config.video_clip)
        self.code_width = config.effective_code_width - config.tracks_width
        width = 2 * config.video_clip.hidden_width + self.code_width
        layers: list[nn.Module] = []
        for _ in range(config.map_hidden_layers):
            layers += [nn.Linear(width, config.map_hidden_width), nn.ReLU()]
            width = config.map_hidden_width
        self.mlp = nn.Sequential(*layers, nn.Linear(width, config.content_width))

    def forward(
        self,
        codes: Float[Tensor, "clip code"],
        features: Float[Tensor, "clip time feature"] | None,
    ) -> Float[Tensor, "clip latent"]:
        """Map codes to latents; ``features`` is needed only with a semantic embedding."""
        if self.config.semantic == "none":
            return codes
        assert features is not None, "a semantic model needs the frame features of its clips"
        codes, tracks = codes.tensor_split([self.code_width], dim=1)
        content = self.mlp(torch.cat([self.video_clip(features), codes], dim=1))
        return torch.cat([content, tracks], dim=1)
