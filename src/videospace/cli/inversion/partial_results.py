"""Resuming an interrupted inversion: finished batches are kept beside the output file."""

import contextlib
import hashlib
import importlib.metadata
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from videospace.inrv.completion.completion import require_finite
from videospace.inrv.inversion.inversion import Inversion
from videospace.inrv.model.inr import Layer
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.checkpoint import load_tensors, save_tensors
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


class PartialResults:
    """The finished batches of an inversion, as files in a folder that the first one creates."""

    def __init__(self, folder: Path, space: VideoSpace):
        self.folder, self.space = folder, space
        self.num_batches = 0
        self.context_l1: list[float] = []
        """Context-L1 of all clips so far."""

    def run_batch(self, invert_batch: Callable[[], Inversion]) -> Inversion:
        """Return the next batch from the folder, or invert it now and save it.

        Raises:
            UserError: The inversion diverged, or the disk is full or read-only.
        """
        path = self.folder / f"{self.num_batches:06d}.safetensors"
        found = None
        if path.exists():
            with contextlib.suppress(UserError):  # a damaged batch is inverted again
                found = _read_inversion(path, self.space)
        if found is None:
            found = invert_batch()
            require_finite(found)
            _write_inversion(path, found)
        self.num_batches += 1
        self.context_l1 += found.context_l1.tolist()
        return found

    def num_latents(self) -> int:
        """Count the saved latents on the disk: a counter could miss one that was just written."""
        count = 0
        for path in self.folder.glob("[0-9]*.safetensors"):
            with contextlib.suppress(UserError):
                count += len(_read_inversion(path, self.space).latents)
        return count


@contextlib.contextmanager
def partial_results(
    out: Path, space: VideoSpace, command: object, *sources: Path
) -> Iterator[PartialResults]:
    """Keep finished batches on the disk until the block ends without an error.

    After an interrupt or a full disk, the same command resumes from them. A different command, a
    changed video or a different space starts from the beginning.

    Args:
        out: The output file; the folder is created beside it.
        space: The space that is inverted.
        command: Its ``repr`` lists all options that the result depends on.
        sources: The input files; a change of size or time makes earlier results invalid.
    """
    program = importlib.metadata.version("videospace")
    state = [program, space.fingerprint(), repr(command), *(_state(path) for path in sources)]
    key = hashlib.sha256(repr(state).encode()).hexdigest()[:8]
    results = PartialResults(out.parent / f"{out.name}.unfinished-{key}", space)
    try:
        yield results
    except BaseException:
        if num_latents := results.num_latents():
            are = "is" if num_latents == 1 else "are"
            print(
                f"{counted(num_latents, 'latent')} found so far {are} kept in '{results.folder}': "
                "run the same command again to go on"
            )
        else:
            with contextlib.suppress(OSError):  # never made, or not empty
                results.folder.rmdir()
        raise
    shutil.rmtree(results.folder, ignore_errors=True)


def _state(path: Path) -> list[tuple[str, int, int]]:
    """Size and time of a file, or of the files of a folder, which change when a video does."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [(file, file.stat()) for file in files if file.exists()]
    return [(str(file.resolve()), state.st_size, state.st_mtime_ns) for file, state in states]


def _write_inversion(path: Path, found: Inversion) -> None:
    tensors: dict[str, Tensor] = {}
    for name, value in vars(found).items():
        if name == "weight_offsets":
            for index, layer in enumerate(value or []):
                tensors |= {f"offset{index}.{part}": side for part, side in layer._asdict().items()}
        else:
            tensors[name] = torch.as_tensor(
                value, dtype=torch.float64 if isinstance(value, float) else None
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(path, {name: tensor.clone() for name, tensor in tensors.items()})


def _read_inversion(path: Path, space: VideoSpace) -> Inversion:
    tensors, _ = load_tensors(path, str(space.device))
    num_layers = sum(name.endswith(".weight") for name in tensors)
    offsets = [
        Layer(tensors.pop(f"offset{index}.weight"), tensors.pop(f"offset{index}.bias"))
        for index in range(num_layers)
    ]
    values: dict[str, Any] = {
        name: value if value.ndim else value.item() for name, value in tensors.items()
    }
    return Inversion(weight_offsets=offsets or None, **values)
