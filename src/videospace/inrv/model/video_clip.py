"""Video-CLIP: from the embeddings of a clip's frames to one semantic embedding."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class VideoClipConfig:
    """The shape of Video-CLIP; the defaults are the published ones."""

    feature_width: int = 512
    """Width of one frame's embedding, as the frame encoder gives it."""
    hidden_width: int = 256
    """Width of the hidden state in each of the two directions of time."""
    num_layers: int = 3
    """Number of recurrent layers."""
    dropout: float = 0.1
    """Share of values dropped between the layers while training, in [0, 1)."""


class VideoClip(nn.Module):
    """The semantic embedding g_n of a clip: a bidirectional GRU, averaged over time.

    Only this part learns; the frame encoder before it is frozen, so that its features are
    computed once (`videospace.inrv.semantic.feature_cache.frame_features`).

    Args:
        config: The shape of the network.

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
            # A single layer has nothing after it to drop from, and PyTorch warns about it.
            dropout=config.dropout if config.num_layers > 1 else 0.0,
            bidirectional=True,
        )

    @property
    def embedding_width(self) -> int:
        """Width of the embedding: both directions side by side."""
        return 2 * self.config.hidden_width

    def forward(
        self, features: Float[Tensor, "clip time feature"]
    ) -> Float[Tensor, "clip embedding"]:
        """Embed clips by the embeddings of their frames.

        Args:
            features: Frame embeddings, of width `feature_width`.

        Returns:
            One embedding a clip, of width 2 × `hidden_width`, in (-1, 1).
        """
        hidden, _ = self.recurrence(features)
        return hidden.mean(dim=1)
