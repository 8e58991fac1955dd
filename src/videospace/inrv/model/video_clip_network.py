"""Video-CLIP: a recurrent network that embeds a clip by the features of its frames."""

from dataclasses import dataclass
from typing import Annotated

from jaxtyping import Float
from msgspec import Meta
from torch import Tensor, nn

from videospace.runtime.reading.bounds import BelowOne, LayerWidth, check_bounds


@dataclass(frozen=True, kw_only=True)
class VideoClipConfig:
    """The size of Video-CLIP; the defaults are the published ones."""

    feature_width: LayerWidth = 512
    """Width of the features of one frame."""
    hidden_width: LayerWidth = 256
    """Width of the hidden state in each of the two directions of time."""
    num_layers: Annotated[int, Meta(ge=1, le=32)] = 3
    """Number of recurrent layers."""
    dropout: BelowOne = 0.1
    """Fraction of values dropped between the layers in training, in [0, 1)."""

    __post_init__ = check_bounds


class VideoClip(nn.Module):
    """Embeds a clip (g_n of the thesis): a bidirectional GRU, averaged over time.

    It is trained with the model. The frame encoder before it is frozen, so its features are
    computed only once (:func:`videospace.inrv.semantic.feature_cache.frame_features`).

    Args:
        config: The size of the network.

    Example:
        >>> import torch
        >>> video_clip = VideoClip(VideoClipConfig(feature_width=8, hidden_width=4))
        >>> video_clip(torch.zeros(2, 25, 8)).shape
        torch.Size([2, 8])

    Source:
        INR-V (2022), section 3.2.2 of the thesis and appendix A.2 of the paper.
    """

    def __init__(self, config: VideoClipConfig):
        super().__init__()
        self.config = config
        self.recurrence = nn.GRU(
            config.feature_width,
            config.hidden_width,
            config.num_layers,
            batch_first=True,
            # PyTorch warns about dropout with a single layer, where it has no effect.
            dropout=config.dropout if config.num_layers > 1 else 0.0,
            bidirectional=True,
        )

    @property
    def embedding_width(self) -> int:
        """Width of the embedding: both directions concatenated."""
        return 2 * self.config.hidden_width

    def forward(
        self, features: Float[Tensor, "clip time feature"]
    ) -> Float[Tensor, "clip embedding"]:
        """Embed clips.

        Args:
            features: Of the frames, ``feature_width`` numbers each.

        Returns:
            An embedding for each clip, 2 × ``hidden_width`` numbers in (-1, 1).
        """
        hidden, _ = self.recurrence(features)
        return hidden.mean(dim=1)
