"""How well a space reconstructs the clips of a store."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.loop import TrainingReport
from videospace.metrics.fidelity import Fidelity, fidelity
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError

CLIPS_AT_ONCE = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Scores of the clips of a store that a space was trained on."""

    ids: list[str]
    """The clips, in the order of the scores."""
    fidelity: Fidelity
    """Scores of every clip."""
    num_unknown: int
    """Clips of the store that have no latent in the space."""

    def summary(self) -> dict[str, Any]:
        """The number of clips, and the means of the scores over them."""
        return {"num_clips": len(self.ids), **self.fidelity.means()}

    def per_clip(self) -> dict[str, dict[str, float | None]]:
        """The scores of every clip by its id; None for scores that are not finite."""
        names = [field.name for field in dataclasses.fields(self.fidelity)]
        columns = [getattr(self.fidelity, name).tolist() for name in names]
        return {
            clip_id: {
                name: value if math.isfinite(value) else None
                for name, value in zip(names, values, strict=True)
            }
            for clip_id, *values in zip(self.ids, *columns, strict=True)
        }


def evaluate(
    space: VideoSpace,
    store: ClipStore | Path | str,
    *,
    max_clips: int | None = None,
    progress: bool = True,
) -> Evaluation:
    """Reconstruct the training clips of a store from their latents, and compare.

    Args:
        space: The space; its clips are matched by their ids.
        store: The original clips.
        max_clips: Most clips to evaluate, evenly spread over the store; None evaluates all.
        progress: Show a progress bar in a terminal.

    Returns:
        PSNR, SSIM and the error E (thesis Eq. 3.6), over all pixels and over moving ones.

    Raises:
        UserError: The clips have another size, none of them has a latent, or ``max_clips`` is below
            1.
    """
    store = store if isinstance(store, ClipStore) else ClipStore.open(store)
    check_clips(space, store, max_clips)
    trained = set(space.ids)
    rows = [row for row, record in enumerate(store.records) if record.id in trained]
    num_unknown = len(store) - len(rows)
    if not rows:
        raise UserError(
            f"expected clips that the space was trained on, but none of the {len(store)} clips of "
            f"'{store.folder}' has a latent in it"
        )
    rows = evenly_spread(rows, max_clips)
    parts = []
    with tqdm(
        total=len(rows), desc="evaluating", unit="clip", disable=None if progress else True
    ) as bar:
        for start in range(0, len(rows), CLIPS_AT_ONCE):
            some = rows[start : start + CLIPS_AT_ONCE]
            latents = torch.stack([space.latent(store.records[row].id) for row in some])
            videos = torch.from_numpy(space.render(latents))
            parts.append(fidelity(videos, torch.from_numpy(store.frames(some))))
            bar.update(len(some))
    joined = {
        field.name: torch.cat([getattr(part, field.name) for part in parts])
        for field in dataclasses.fields(Fidelity)
    }
    return Evaluation(
        ids=[store.records[row].id for row in rows],
        fidelity=Fidelity(**joined),
        num_unknown=num_unknown,
    )


def check_clips(space: VideoSpace, store: ClipStore, max_clips: int | None) -> None:
    """Check that the clips of a store have the size of a space's clips.

    Raises:
        UserError: They have another size, or ``max_clips`` is below 1.
    """
    if max_clips is not None and max_clips < 1:
        raise UserError(f"expected max_clips of at least 1, got {max_clips}")
    shape = (store.num_frames, store.height, store.width)
    expected = space.render_size(None, None, None)
    if shape != expected:
        raise UserError(
            f"expected clips of {expected[0]} frames of {expected[1]}x{expected[2]} px, as the "
            f"space was trained on, but '{store.folder}' holds {shape[0]} of {shape[1]}x{shape[2]}"
        )


def evenly_spread(rows: list[int], max_rows: int | None) -> list[int]:
    """Choose at most ``max_rows`` rows, evenly spread; None returns all.

    Example:
        >>> evenly_spread([3, 4, 5, 6, 7, 8], 3)
        [3, 5, 7]
    """
    if max_rows is None or max_rows >= len(rows):
        return rows
    return [rows[index * len(rows) // max_rows] for index in range(max_rows)]


def score_space(
    folder: Path | str,
    store: ClipStore | Path | str,
    report: TrainingReport,
    *,
    max_clips: int = 64,
) -> dict[str, Any]:
    """Evaluate a trained space, and write the scores to its files.

    Args:
        folder: Folder of the space.
        store: The clips that it was trained on.
        report: The result of the training.
        max_clips: Most clips to evaluate.

    Returns:
        The scores, as written to ``config.json`` and the card.
    """
    space = VideoSpace.from_pretrained(folder, choose_device())
    summary = evaluate(space, store, max_clips=max_clips).summary()
    space.scores = {
        **summary,
        "train_seconds": round(report.seconds, 1),
        "train_steps": report.step,
        "train_points": report.points,
    }
    space.save_pretrained(folder)
    return space.scores
