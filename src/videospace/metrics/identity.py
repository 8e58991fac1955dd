"""How well clips keep the identity of a person: TL-ID, TG-ID and GT-ID.

The caller chooses the face embedder: see :mod:`videospace.metrics.face_embedders`.
"""

import dataclasses

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from videospace.metrics.face_embedders import FaceEmbedder
from videospace.metrics.fidelity import mean_or_none
from videospace.runtime.errors import UserError


def local_similarity(embeddings: Float[np.ndarray, "time embedding"]) -> float:
    """Mean cosine similarity of the faces in neighboring frames.

    Args:
        embeddings: A row for each frame; nan for a frame without a face.

    Returns:
        In [-1, 1]; nan where no two neighboring frames show a face.

    Example:
        >>> local_similarity(np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]]))
        0.5
    """
    units = _unit_rows(embeddings)
    return _mean((units[:-1] * units[1:]).sum(axis=1))


def global_similarity(embeddings: Float[np.ndarray, "time embedding"]) -> float:
    """Mean cosine similarity of the faces in all pairs of different frames.

    Args:
        embeddings: A row for each frame; nan for a frame without a face.

    Returns:
        In [-1, 1]; nan where fewer than two frames show a face.

    Example:
        >>> round(global_similarity(np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]])), 4)
        0.3333
    """
    units = _unit_rows(embeddings)
    units = units[~np.isnan(units).any(axis=1)]
    num_faces = len(units)
    if num_faces < 2:
        return float("nan")
    # |Σ u|² contains every ordered pair once, and a 1 for each vector with itself.
    sum_over_pairs = np.square(units.sum(axis=0)).sum() - num_faces
    return float(sum_over_pairs / (num_faces * (num_faces - 1)))


def matching_similarity(
    embeddings: Float[np.ndarray, "time embedding"],
    reference: Float[np.ndarray, "time reference_embedding"],
) -> float:
    """Mean cosine similarity to the true faces, frame by frame.

    Args:
        embeddings: A row for each frame; nan for a frame without a face.
        reference: The embeddings of the true clip.

    Returns:
        In [-1, 1]; nan where no frame shows a face in both.

    Example:
        >>> matching_similarity(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[2.0, 0.0], [0, 3]]))
        0.5
    """
    return _mean((_unit_rows(embeddings) * _unit_rows(reference)).sum(axis=1))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """The identity scores of clips."""

    tl_id: Float[Tensor, " clip"]
    """Similarity of neighboring frames, divided by that of the reference: 1 means that the clip
    keeps the identity as well as the reference. nan if no two neighboring frames show a face."""
    tg_id: Float[Tensor, " clip"]
    """The same over all pairs of frames."""
    gt_id: Float[Tensor, " clip"]
    """Similarity to the reference, frame by frame, in [-1, 1]."""
    num_without_face: Int[Tensor, " clip"]
    """Frames of the clip without a face; they are left out."""
    num_reference_without_face: Int[Tensor, " clip"]
    """Frames of the reference without a face."""

    def means(self) -> dict[str, float | int | None]:
        """The mean of each score over the clips that have it, by name.

        None stands for a mean over no clip. The numbers of frames without a face are summed.
        """
        return {
            **{name: mean_or_none(getattr(self, name)) for name in ("tl_id", "tg_id", "gt_id")},
            "num_without_face": int(self.num_without_face.sum()),
            "num_reference_without_face": int(self.num_reference_without_face.sum()),
        }


def identity(
    video: UInt8[Tensor, "clip time height width 3"],
    reference: UInt8[Tensor, "clip reference_time reference_height reference_width 3"],
    embedder: FaceEmbedder,
) -> Identity:
    """Compute TL-ID, TG-ID and GT-ID of clips.

    Args:
        video: The clips to score, in [0, 255].
        reference: The true clips, with as many frames; their size may differ.
        embedder: Finds and embeds the faces.

    Returns:
        Each score for each clip.

    Raises:
        UserError: The numbers of frames differ, or the embedder does not return one row per frame.

    Example:
        >>> def colors(frames):
        ...     return frames.mean(axis=(1, 2))
        >>> clips = torch.randint(1, 256, (1, 4, 8, 8, 3), dtype=torch.uint8)
        >>> scores = identity(clips, clips, colors).means()
        >>> scores["tl_id"], scores["tg_id"], round(scores["gt_id"], 6)
        (1.0, 1.0, 1.0)

    Source: Tzaban, Mokady, Gal, Bermano and Cohen-Or (2022), "Stitch it in time: GAN-based facial
    editing of real videos", for TL-ID and TG-ID; the thesis on INR-V, section 3.4.3.3, for GT-ID.
    """
    if video.shape[:2] != reference.shape[:2]:
        raise UserError(
            f"expected {reference.shape[0]} clips of {reference.shape[1]} frames, like the "
            f"references, got {video.shape[0]} of {video.shape[1]}"
        )
    scores: dict[str, list[float]] = {"tl_id": [], "tg_id": [], "gt_id": []}
    missing: list[tuple[int, int]] = []
    for clip, true_clip in zip(video.cpu().numpy(), reference.cpu().numpy(), strict=True):
        faces, true_faces = _embed(clip, embedder), _embed(true_clip, embedder)
        scores["tl_id"].append(_ratio(local_similarity(faces), local_similarity(true_faces)))
        scores["tg_id"].append(_ratio(global_similarity(faces), global_similarity(true_faces)))
        scores["gt_id"].append(matching_similarity(faces, true_faces))
        missing.append((_num_missing(faces), _num_missing(true_faces)))
    counts = torch.tensor(missing, dtype=torch.int64).view(-1, 2)
    return Identity(
        **{name: torch.tensor(values) for name, values in scores.items()},
        num_without_face=counts[:, 0],
        num_reference_without_face=counts[:, 1],
    )


def _embed(
    frames: UInt8[np.ndarray, "time height width 3"], embedder: FaceEmbedder
) -> Float[np.ndarray, "time embedding"]:
    embeddings = np.asarray(embedder(frames), float)
    if embeddings.ndim != 2 or len(embeddings) != len(frames):
        raise UserError(
            f"expected the face embedder to return a row for each of {len(frames)} frames, "
            f"got shape {embeddings.shape}"
        )
    return embeddings


def _unit_rows(
    embeddings: Float[np.ndarray, "time embedding"],
) -> Float[np.ndarray, "time embedding"]:
    """Normalize rows to length 1; a zero row becomes nan."""
    embeddings = embeddings.astype(np.float64)
    lengths = np.linalg.norm(embeddings, axis=1, keepdims=True)
    has_direction = np.isfinite(lengths) & (lengths > 0)
    return np.divide(embeddings, lengths, out=np.full_like(embeddings, np.nan), where=has_direction)


def _num_missing(embeddings: Float[np.ndarray, "time embedding"]) -> int:
    return int(np.isnan(_unit_rows(embeddings)).any(axis=1).sum())


def _ratio(score: float, reference: float) -> float:
    return score / reference if reference else float("nan")


def _mean(values: Float[np.ndarray, " value"]) -> float:
    finite = values[~np.isnan(values)]
    return float(finite.mean()) if len(finite) else float("nan")
