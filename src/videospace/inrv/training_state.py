"""What a training run has to remember, and how it is kept on the disk."""

import dataclasses
import json
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from videospace.inrv.model import InrvModel
from videospace.inrv.optimisation import MovingAverage, RowAdam
from videospace.inrv.training_config import TrainingConfig
from videospace.inrv.weight_optimisers import weight_optimisers
from videospace.runtime.checkpoint import (
    RowBlocks,
    config_from_json,
    load_tensors,
    save_tensors,
    written_order,
)
from videospace.runtime.device import Precision, choose_precision
from videospace.runtime.distributed import ALONE, Team
from videospace.runtime.errors import UserError

STATE_FILE = "training.safetensors"
ROW_TABLES = ("codes", "latents", "code_adam.mean", "code_adam.square", "code_adam.steps")
"""The tensors with a row for each clip. A process has those of its own clips, the file all."""


@dataclasses.dataclass
class Progress:
    """How far a run has come."""

    step: int = 0
    """Steps taken."""
    points: int = 0
    """Points seen."""
    seconds: float = 0.0
    """Time spent on steps."""
    stage: int = 0
    """Index of the curriculum's stage."""
    stage_step: int = 0
    """Steps taken in this stage."""
    squared_error: float = 4.0
    """Mean squared error on [-1, 1] colours, smoothed over steps."""
    gradient_norm: float | None = None
    """Usual norm of the weights' gradients."""
    precision: Precision = "float32"
    """Of matrix products; a run keeps the one that it began with, on any machine."""


class TrainingState:
    """Model, optimisers, codes and progress of a run: all that the next step depends on.

    Args:
        config: Of the run.
        codes: Of the clips of this process.
        device: Where to compute.
        team: The processes of the run.
    """

    def __init__(
        self,
        config: TrainingConfig,
        codes: Float[Tensor, "clip code"],
        device: torch.device,
        team: Team = ALONE,
    ):
        torch.manual_seed(config.seed)
        self.config, self.team = config, team
        self.num_clips = int(team.sums(len(codes))[0])
        self.model = InrvModel(config.model).to(device)
        team.make_equal(*self.model.state_dict().values())
        self.codes = codes.to(device)
        self.latents = torch.zeros(len(codes), config.model.latent.total_width, device=device)
        self.code_adam = RowAdam(self.codes)
        self.optimisers = weight_optimisers(self.model, config.optimiser)
        self._prepare_optimisers()
        self.average = MovingAverage(self.model, config.optimiser.average_decay)
        self.progress = Progress(precision=choose_precision(config.precision, device))

    def _prepare_optimisers(self) -> None:
        """Make their state now, not in the first step, so that it can be saved before it."""
        for parameter in self.model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        for optimiser in self.optimisers.values():
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        for state in self.optimisers["adam"].state.values():
            state["step"].zero_()

    def tensors(self) -> dict[str, Tensor]:
        """Everything but the progress, by name; the tensors are the live ones of this process."""
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
            for kind, optimiser in self.optimisers.items():
                for key, value in optimiser.state.get(parameter, {}).items():
                    named[f"{kind}.{key}.{name}"] = value
        return named

    def save(self, folder: Path, content: str) -> None:
        """Write the state as one file, whole or not at all; the first process does, for all.

        Args:
            folder: Of the run.
            content: What the run trains on; another content cannot be resumed.
        """
        metadata = {
            "config": json.dumps(dataclasses.asdict(self.config)),
            "progress": json.dumps(dataclasses.asdict(self.progress)),
            "content": content,
        }
        own = self.tensors()
        tables = {
            name: RowBlocks(self._full_shape(name, own[name]), own[name].dtype, blocks)
            for name, blocks in ((name, self.team.collect(own[name])) for name in ROW_TABLES)
        }
        if self.team.is_first:
            save_tensors(folder / STATE_FILE, {**own, **tables}, metadata)
        else:
            for name in written_order(tables):
                assert not list(tables[name].blocks)

    def load(self, folder: Path, content: str) -> None:
        """Continue where :meth:`save` left off.

        Raises:
            UserError: The state is damaged, or of other settings or clips.
        """
        path = folder / STATE_FILE
        saved, metadata = load_tensors(path)
        if missing := {"config", "progress", "content"} - metadata.keys():
            raise UserError(f"'{path}' is damaged: '{min(missing)}' is missing")
        config = config_from_json(TrainingConfig, json.loads(metadata["config"]), f"'{path}'")
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
        with torch.no_grad():
            for name, value in saved.items():
                live[name].copy_(self.team.share(value) if name in ROW_TABLES else value)
        self.progress = config_from_json(
            Progress, json.loads(metadata["progress"]), f"'{path}': progress"
        )

    def _full_shape(self, name: str, value: Tensor) -> tuple[int, ...]:
        """The shape that a tensor has in the file."""
        return (self.num_clips, *value.shape[1:]) if name in ROW_TABLES else tuple(value.shape)


def _differences(saved: dict, asked: dict, prefix: str = "") -> list[str]:
    """Fields that differ, in words."""
    found = []
    for name, value in saved.items():
        if isinstance(value, dict):
            found += _differences(value, asked[name], f"{prefix}{name}.")
        elif value != asked[name]:
            found.append(f"{prefix}{name} was {value}, now {asked[name]}")
    return found
