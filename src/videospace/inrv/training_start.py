"""The start of a training run: the state, anew or as it was saved, and what it looks at."""

from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from videospace.clips.clip_store import ClipStore
from videospace.inrv.codes import initial_codes
from videospace.inrv.semantic import choose_frame_encoder, frame_features
from videospace.inrv.space_files import SPACE_FILES
from videospace.inrv.training_config import TrainingConfig
from videospace.inrv.training_data import seeded
from videospace.inrv.training_save import training_content
from videospace.inrv.training_state import STATE_FILE, TrainingState
from videospace.runtime.distributed import ALONE, Team
from videospace.runtime.errors import UserError


def start_or_resume(
    store: ClipStore,
    rows: list[int],
    out: Path,
    config: TrainingConfig,
    device: torch.device,
    team: Team = ALONE,
) -> tuple[TrainingState, bool]:
    """A fresh state, or the saved one and True.

    The first process looks at the folder and makes the codes, since two machines might lay the
    same clips out in different ways; every process takes from the saved state what it owns.

    Raises:
        UserError: The folder holds a run with other settings or clips, files that are none of
            a run's and that a save would overwrite; or there are more processes than clips.
    """
    if len(rows) < team.count:
        raise UserError(
            f"expected a clip for each of the {team.count} processes, came {len(rows)} clips"
        )
    if team.is_first:
        for pattern in (".*.part.*", ".tmp??????"):  # left by a kill: the second by safetensors
            for path in out.glob(pattern):
                path.unlink()
    resumed = bool(team.of_first((out / STATE_FILE).exists())[0])
    latent = config.model.latent
    num_moments = latent.num_moments if latent.semantic == "none" else 1
    width = latent.effective_code_width
    codes = None
    if resumed:
        codes = torch.zeros(len(team.share(rows)), width)
    else:
        if team.is_first:
            _require_new(out)
            parts = width // num_moments
            codes = initial_codes(config.codes, store.frames, rows, parts, config.seed, num_moments)
        codes = team.spread(codes, len(rows), width)
    state = TrainingState(config, codes, device, team)
    if resumed:
        state.load(out, training_content(store, rows))
    return state, resumed


def _require_new(out: Path) -> None:
    if present := [name for name in SPACE_FILES if (out / name).exists()]:
        raise UserError(
            f"expected a new folder or one of an interrupted training, but '{out}' holds "
            f"{present[0]}, which would be overwritten: choose another folder"
        )


def curriculum_order(config: TrainingConfig, num_clips: int) -> Int[Tensor, " clip"]:
    """The order in which clips join: mixed, since neighbours in a store come from one file."""
    if not config.curriculum:
        return torch.arange(num_clips)
    return torch.randperm(num_clips, generator=seeded(config.seed, 5))


def semantic_features(
    store: ClipStore,
    rows: list[int],
    config: TrainingConfig,
    device: torch.device,
    *,
    progress: bool = True,
    team: Team = ALONE,
) -> Float[Tensor, "clip time feature"] | None:
    """Frame features of this process's clips, as wide as the model takes them; None without."""
    if config.model.latent.semantic == "none":
        return None
    encoder = choose_frame_encoder(config.frame_encoder, store.frames, rows, device=str(device))
    with team.first_before_others():  # who find in the store's folder what it has encoded
        features = team.share(frame_features(store, rows, encoder, progress=progress))
    missing = config.model.latent.video_clip.feature_width - features.shape[2]
    if missing < 0:
        raise UserError(
            f"the frame encoder gives {features.shape[2]} numbers: "
            f"set --model.latent.video-clip.feature-width {features.shape[2]}"
        )
    return torch.nn.functional.pad(features, (0, missing)).to(device)
