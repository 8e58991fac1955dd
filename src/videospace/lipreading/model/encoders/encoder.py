"""The interface of all encoders, and operations that ignore the padding of a batch."""

import abc

from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from videospace.lipreading.data.batches import frame_mask


class Encoder(nn.Module, abc.ABC):
    """Turns the frames of mouth clips into one embedding per frame.

    Clips of a batch are padded at the end to the same number of frames. The values in the padding
    never change the result of a clip, neither in training nor in evaluation.
    """

    width: int
    """Size of the embedding of a frame."""
    needed_px: int = 88
    """Side of the frames that the network works on. Larger frames, up to 88 px, are brought down to
    it; augmentation, which resamples frames, makes them this size at once."""
    adaptation_rate: float = 3e-5
    """Learning rate at which the encoder is trained on a person's clips, as published."""

    @abc.abstractmethod
    def forward(
        self, frames: Float[Tensor, "clip time side side"], lengths: Int[Tensor, " clip"]
    ) -> Float[Tensor, "clip time width"]:
        """Embed every frame in the context of the frames around it.

        Args:
            frames: Gray mouth crops in [-1, 1], of 88 px or the needed size; zeros for an empty
                frame, and any values in the padding.
            lengths: Frames of each clip, from 1 to `time`.

        Returns:
            Embeddings; zero in the padding.

        Raises:
            UserError: A length below 1 or above `time`.
        """


def pooled(
    embeddings: Float[Tensor, "clip time width"], lengths: Int[Tensor, " clip"]
) -> Float[Tensor, "clip width"]:
    """Mean over the frames of each clip, without the padding.

    Raises:
        UserError: A length below 1 or above `time`.

    Example:
        >>> import torch
        >>> pooled(torch.tensor([[[2.0], [4.0], [9.0]]]), torch.tensor([2])).tolist()
        [[3.0]]
    """
    mask = frame_mask(lengths, embeddings.shape[1])[..., None]
    return embeddings.where(mask, 0.0).sum(1) / lengths[:, None]


def spread(
    features: Float[Tensor, "frame channel"], mask: Bool[Tensor, "clip time"]
) -> Float[Tensor, "clip time channel"]:
    """Undo `padded[mask]`: put the frames back into their clips, with zeros in the padding."""
    padded = features.new_zeros(*mask.shape, features.shape[1])
    return padded.masked_scatter(mask[..., None], features)


def recur(
    network: nn.GRU, features: Float[Tensor, "clip time channel"], lengths: Int[Tensor, " clip"]
) -> Float[Tensor, "clip time width"]:
    """Run a batch-first recurrent network over the frames of each clip; zero in the padding."""
    packed = pack_padded_sequence(features, lengths.cpu(), batch_first=True, enforce_sorted=False)
    hidden, _ = pad_packed_sequence(
        network(packed)[0], batch_first=True, total_length=features.shape[1]
    )
    return hidden
