"""What a training run leaves on the disk: a state to go on from, and a space to use."""

from pathlib import Path

import torch
from torch import Tensor

from videospace.clips.clip_store import ClipStore
from videospace.inrv.model import InrvModel
from videospace.inrv.space import ClipShape, VideoSpace
from videospace.inrv.training_data import TrainingClips
from videospace.inrv.training_state import STATE_FILE, TrainingState
from videospace.runtime.checkpoint import require_finite
from videospace.runtime.errors import UserError


def training_content(store: ClipStore, rows: list[int]) -> str:
    """What a run trains on: clips held out, or added to the store later, do not matter."""
    shape = f"{store.num_frames}x{store.height}x{store.width}"
    return f"{shape}:{','.join(store.records[row].id for row in rows)}"


@torch.no_grad()
def save_training(
    state: TrainingState, clips: TrainingClips, features: Tensor | None, out: Path
) -> None:
    """Write the state to go on from, and the space to use: averaged weights, current codes.

    The first process writes; all have to call it, as they do the two functions below.
    """
    store = clips.store
    for name, value in state.tensors().items():
        require_finite(value, f"the last save is kept: after step {state.progress.step}, {name}")
    state.save(out, training_content(store, clips.rows))
    space = snapshot(state, clips, features)
    if state.team.is_first:
        space.save_pretrained(out)


def is_saved(
    state: TrainingState, clips: TrainingClips, features: Tensor | None, out: Path
) -> bool:
    """Whether a save would write what is on the disk already; it may carry scores since then."""
    space = snapshot(state, clips, features)
    return bool(state.team.of_first(state.team.is_first and _holds(out, space))[0])


def _holds(out: Path, space: VideoSpace) -> bool:
    if not (out / STATE_FILE).exists():
        return False
    try:
        saved = VideoSpace.from_pretrained(out)
    except UserError:  # a save was cut off between its files
        return False
    same_codes = torch.equal(saved.latents, space.latents.cpu())
    return same_codes and saved.fingerprint() == space.fingerprint()


@torch.no_grad()
def snapshot(
    state: TrainingState, clips: TrainingClips, features: Tensor | None = None
) -> VideoSpace:
    """The space as it is now; on other processes than the first, with their own clips alone."""
    model = InrvModel(state.config.model).to(state.codes.device)
    averaged = state.config.optimiser.average_decay > 0
    model.load_state_dict(state.average.weights if averaged else state.model.state_dict())
    model.eval()
    blocks = zip(
        state.codes.split(1024),
        features.split(1024) if features is not None else [None] * len(state.codes),
        strict=False,
    )
    latents = torch.cat([model.latents(codes, block) for codes, block in blocks])
    store, rows = clips.store, clips.rows
    everyone = list(state.team.collect(latents))
    if state.team.is_first:
        latents = torch.cat(everyone).to(latents.device)
    else:
        rows = state.team.share(rows)
    shape = ClipShape(
        num_frames=store.num_frames, height=store.height, width=store.width, fps=store.fps
    )
    return VideoSpace(model, latents, [store.records[row].id for row in rows], shape)
