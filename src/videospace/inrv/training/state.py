"""The state of a training run: starting or resuming it, and saving it with its space."""

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import torch
from jaxtyping import Float
from msgspec import Meta
from torch import Tensor

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.inrv_model import InrvModel
from videospace.inrv.space.files import RENAMED_MODULES, SPACE_FILES
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.inrv.training.code_init import initial_codes
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.curriculum import stage_sizes
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.optimizers import (
    MovingAverage,
    RowAdam,
    code_rates,
    weight_optimizers,
)
from videospace.runtime.checkpoint import (
    RowBlocks,
    load_tensors,
    require_finite,
    save_tensors,
    written_order,
)
from videospace.runtime.device import Precision, choose_precision
from videospace.runtime.errors import UserError
from videospace.runtime.process_group import SINGLE_PROCESS, ProcessGroup
from videospace.runtime.random import global_random_stream
from videospace.runtime.reading.bounds import Count, NotNegative
from videospace.runtime.reading.json_config import config_from_json
from videospace.runtime.reading.json_reader import read_json
from videospace.runtime.reading.renamed import with_renamed_modules

STATE_FILE = "training.safetensors"
MAX_STATE_HEADER_BYTES = 64 << 20
"""The header has the id of every clip."""
ROW_TABLES = ("codes", "latents", "code_adam.mean", "code_adam.square", "code_adam.steps")
"""Tensors with a row for each clip: a process has the rows of its clips, the file has all rows."""


@dataclasses.dataclass
class Progress:
    """The progress of a run."""

    step: Count = 0
    """Number of steps."""
    points: Count = 0
    """Number of training points, all steps together."""
    seconds: NotNegative = 0.0
    """Training time."""
    stage: Annotated[int, Meta(ge=0, le=64)] = 0
    """Index of the curriculum's stage."""
    stage_step: Count = 0
    """Number of steps in this stage."""
    squared_error: Annotated[float, Meta(ge=0)] = 4.0
    """Mean squared error on [-1, 1] colors, smoothed over steps."""
    gradient_norm: Annotated[float, Meta(ge=0)] | None = None
    """Running mean of the norm of the weights' gradients."""
    precision: Precision = "float32"
    """Of matrix products; a run keeps the precision it started with, on any machine."""


class TrainingState:
    """Model, optimizers, codes and progress of a run: everything that the next step depends on.

    Args:
        config: Settings of the run.
        codes: Codes of the clips of this process.
        device: Device of all tensors.
        group: The processes of the run.
    """

    def __init__(
        self,
        config: TrainingConfig,
        codes: Float[Tensor, "clip code"],
        device: torch.device,
        group: ProcessGroup = SINGLE_PROCESS,
    ):
        self.config, self.group = config, group
        self.num_clips = int(group.all_reduce_scalars(len(codes))[0])
        with global_random_stream(config.seed, "weights"):
            self.model = InrvModel(config.model).to(device)
        group.broadcast(*self.model.state_dict().values())
        self.codes = codes.to(device)
        self.latents = torch.zeros(len(codes), config.model.latent.total_width, device=device)
        self.code_adam = RowAdam(self.codes)
        self.code_rates = code_rates(config).to(device)
        self.optimizers = weight_optimizers(self.model, config.optimizer)
        self._prepare_optimizers()
        self.average = MovingAverage(self.model, config.optimizer.average_decay)
        self.progress = Progress(precision=choose_precision(config.precision, device))

    def _prepare_optimizers(self) -> None:
        """Create the optimizers' state, so that it can be saved before the first step."""
        for parameter in self.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        for optimizer in self.optimizers.values():
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        for state in self.optimizers["adam"].state.values():
            state["step"].zero_()

    def tensors(self) -> dict[str, Tensor]:
        """All tensors of this process by name; they are not copies."""
        named = {
            "codes": self.codes,
            "latents": self.latents,
            "code_adam.mean": self.code_adam.mean,
            "code_adam.square": self.code_adam.square,
            "code_adam.steps": self.code_adam.steps,
        }
        for name, parameter in self.model.named_parameters():
            named[f"model.{name}"] = parameter.detach()
            named[f"average.{name}"] = self.average.weights[name]
            for kind, optimizer in self.optimizers.items():
                for key, value in optimizer.state.get(parameter, {}).items():
                    named[f"{kind}.{key}.{name}"] = value
        return named

    def save(self, folder: Path, content: str) -> None:
        """Write the state of all processes as one file, atomically, on rank 0.

        Args:
            folder: Folder of the run.
            content: The result of :func:`training_content`, which must not change on resuming.
        """
        metadata = {
            "config": json.dumps(dataclasses.asdict(self.config)),
            "progress": json.dumps(dataclasses.asdict(self.progress)),
            "content": content,
        }
        local = self.tensors()
        tables = {
            name: RowBlocks(self._full_shape(name, local[name]), local[name].dtype, blocks)
            for name, blocks in ((name, self.group.gather_rows(local[name])) for name in ROW_TABLES)
        }
        if self.group.is_rank0:
            save_tensors(folder / STATE_FILE, {**local, **tables}, metadata)
        else:
            for name in written_order(tables):
                assert not list(tables[name].blocks)

    def load(self, folder: Path, content: str) -> None:
        """Load what :meth:`save` has written.

        Raises:
            UserError: The file is damaged, or belongs to other settings or clips.
        """
        path = folder / STATE_FILE
        saved, metadata = load_tensors(path, max_header_bytes=MAX_STATE_HEADER_BYTES)
        saved = with_renamed_modules(saved, RENAMED_MODULES)
        if missing := {"config", "progress", "content"} - metadata.keys():
            raise UserError(f"'{path}' is damaged: '{min(missing)}' is missing")
        config = config_from_json(
            TrainingConfig,
            read_json(metadata["config"], f"'{path}'"),
            f"'{path}'",
            with_defaults=True,  # an earlier version had fewer fields
        )
        if differences := _differences(dataclasses.asdict(config), dataclasses.asdict(self.config)):
            raise UserError(
                f"'{folder}' holds a training with other settings ({'; '.join(differences[:3])}): "
                "repeat its settings to resume it, or choose another folder"
            )
        if metadata["content"] != content:
            raise UserError(
                f"'{folder}' holds a training on other clips: choose another folder, "
                "or go back to the store as it was"
            )
        live = self.tensors()
        if saved.keys() != live.keys():
            odd = sorted(saved.keys() ^ live.keys())[0]
            raise UserError(f"'{path}' is damaged: '{odd}' is unknown or missing")
        for name, value in saved.items():
            if value.shape != self._full_shape(name, live[name]) or value.dtype != live[name].dtype:
                raise UserError(f"'{path}' is damaged: '{name}' has another shape or type")
            require_finite(value, f"'{path}' is damaged: '{name}'")
        progress = config_from_json(
            Progress, read_json(metadata["progress"], f"'{path}'"), f"'{path}': progress"
        )
        if progress.stage >= (num_stages := len(stage_sizes(self.num_clips))):
            raise UserError(
                f"'{path}' is damaged: expected a stage below {num_stages}, got {progress.stage}"
            )
        with torch.no_grad():
            for name, value in saved.items():
                live[name].copy_(self.group.local_rows(value) if name in ROW_TABLES else value)
        self.progress = progress

    def _full_shape(self, name: str, value: Tensor) -> tuple[int, ...]:
        """The shape of a tensor in the file."""
        return (self.num_clips, *value.shape[1:]) if name in ROW_TABLES else tuple(value.shape)


def _differences(saved: dict, asked: dict, prefix: str = "") -> list[str]:
    """Describe the fields that differ."""
    found = []
    for name, value in saved.items():
        if isinstance(value, dict):
            found += _differences(value, asked[name], f"{prefix}{name}.")
        elif value != asked[name]:
            found.append(f"{prefix}{name} was {value}, now {asked[name]}")
    return found


def start_or_resume(
    store: ClipStore,
    rows: list[int],
    out: Path,
    config: TrainingConfig,
    device: torch.device,
    group: ProcessGroup = SINGLE_PROCESS,
) -> tuple[TrainingState, bool]:
    """Create the state of a new run, or load the state of an interrupted one.

    Rank 0 initializes the codes and scatters them, since different machines may round them
    differently. Each process loads the rows of its own clips.

    Args:
        store: The clips.
        rows: Rows of the training clips in the store.
        out: Folder of the run.
        config: Settings of the run.
        device: Device of the state.
        group: The processes of the run.

    Returns:
        The state, and whether it was resumed.

    Raises:
        UserError: The folder holds a run with other settings or clips, or files that do not belong
            to a run and would be overwritten; or there are more processes than clips.
    """
    if len(rows) < group.count:
        raise UserError(
            f"expected a clip for each of the {group.count} processes, got {len(rows)} clips"
        )
    if group.is_rank0:
        for pattern in (".*.part.*", ".tmp??????"):  # left by killed processes
            for path in out.glob(pattern):
                path.unlink()
    resumed = bool(group.broadcast_scalars((out / STATE_FILE).exists())[0])
    latent = config.model.latent
    width = latent.effective_code_width
    codes = None
    if resumed:
        codes = torch.zeros(len(group.local_rows(rows)), width)
    else:
        if group.is_rank0:
            _require_new(out)
            codes = initial_codes(config.code_init, store.frames, rows, latent, config.seed)
        codes = group.scatter_rows(codes, len(rows), width)
    state = TrainingState(config, codes, device, group)
    if resumed:
        state.load(out, training_content(store, rows))
    return state, resumed


def _require_new(out: Path) -> None:
    if present := [name for name in SPACE_FILES if (out / name).exists()]:
        raise UserError(
            f"expected a new folder or one of an interrupted training, but '{out}' holds "
            f"{present[0]}, which would be overwritten: choose another folder"
        )


@torch.no_grad()
def save_training(
    state: TrainingState, clips: TrainingClips, features: Tensor | None, out: Path
) -> None:
    """Write the training state, and the space with its averaged weights.

    Rank 0 writes, but all processes must call this function, and likewise the two below.

    Raises:
        UserError: A weight or code is not finite, or the folder cannot be written to.
    """
    store = clips.store
    for name, value in state.tensors().items():
        require_finite(value, f"the last save is kept: after step {state.progress.step}, {name}")
    state.save(out, training_content(store, clips.rows))
    space = snapshot(state, clips, features)
    if state.group.is_rank0:
        space.save_pretrained(out)


def is_saved(
    state: TrainingState, clips: TrainingClips, features: Tensor | None, out: Path
) -> bool:
    """Whether the folder already holds this state; its card may have got scores since then."""
    space = snapshot(state, clips, features)
    return bool(state.group.broadcast_scalars(state.group.is_rank0 and _holds(out, space))[0])


def _holds(out: Path, space: VideoSpace) -> bool:
    if not (out / STATE_FILE).exists():
        return False
    try:
        saved = VideoSpace.from_pretrained(out)
    except UserError:  # a save was interrupted between two files
        return False
    same_codes = torch.equal(saved.latents, space.latents.cpu())
    return same_codes and saved.fingerprint() == space.fingerprint()


def training_content(store: ClipStore, rows: list[int]) -> str:
    """Describe the clips that a run trains on: their size and their ids."""
    shape = f"{store.num_frames}x{store.height}x{store.width}"
    return f"{shape}:{','.join(store.records[row].id for row in rows)}"


@torch.no_grad()
def snapshot(
    state: TrainingState, clips: TrainingClips, features: Tensor | None = None
) -> VideoSpace:
    """The current space with all clips on rank 0, and with their local clips on other processes."""
    model = InrvModel(state.config.model).to(state.codes.device)
    averaged = state.config.optimizer.average_decay > 0
    model.load_state_dict(state.average.weights if averaged else state.model.state_dict())
    model.eval()
    blocks = zip(
        state.codes.split(1024),
        features.split(1024) if features is not None else [None] * len(state.codes),
        strict=False,
    )
    latents = torch.cat([model.latents(codes, block) for codes, block in blocks])
    store, rows = clips.store, clips.rows
    gathered = list(state.group.gather_rows(latents))
    if state.group.is_rank0:
        latents = torch.cat(gathered).to(latents.device)
    else:
        rows = state.group.local_rows(rows)
    shape = ClipShape(
        num_frames=store.num_frames, height=store.height, width=store.width, fps=store.fps
    )
    return VideoSpace(model, latents, [store.records[row].id for row in rows], shape)
