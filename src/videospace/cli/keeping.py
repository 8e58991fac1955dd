"""Long work that survives an interrupt: what is found is kept beside the file to be written."""

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
from videospace.runtime.interrupts import sigterm_as_interrupt


class KeptParts:
    """The parts of a long inversion, in a folder that is made with the first of them."""

    def __init__(self, folder: Path, space: VideoSpace):
        self.folder, self.space = folder, space
        self.num_parts = 0

    def next_part(self, find: Callable[[], Inversion]) -> Inversion:
        """The next part: as it was found before the interrupt, or found now and kept.

        Raises:
            UserError: The search ran away, or the disk refuses.
        """
        path = self.folder / f"{self.num_parts:06d}.safetensors"
        found = None
        if path.exists():
            with contextlib.suppress(UserError):  # a damaged part is found again
                found = _read_inversion(path, self.space)
        if found is None:
            found = find()
            require_finite(found)
            _write_inversion(path, found)
        self.num_parts += 1
        return found

    def num_kept(self) -> int:
        """Latents on the disk, as an interrupt may come between a write and the next line."""
        kept = 0
        for path in self.folder.glob("[0-9]*.safetensors"):
            with contextlib.suppress(UserError):
                kept += len(_read_inversion(path, self.space).latents)
        return kept


@contextlib.contextmanager
def kept_beside(
    out: Path, space: VideoSpace, command: object, *sources: Path
) -> Iterator[KeptParts]:
    """Keep the parts of a long inversion until the block ends well.

    After an interrupt, or a full disk, the same command finds them and goes on from there. Another
    command, a changed video or another space does not.

    Args:
        out: The file that the work is for.
        space: Where latents are looked for.
        command: Its ``repr`` says all that the result depends on, but for
        sources: the files that are read.
    """
    program = importlib.metadata.version("videospace")
    state = [program, space.fingerprint(), repr(command), *(_state(path) for path in sources)]
    key = hashlib.sha256(repr(state).encode()).hexdigest()[:8]
    parts = KeptParts(out.parent / f"{out.name}.unfinished-{key}", space)
    try:
        with sigterm_as_interrupt():
            yield parts
    except BaseException:
        if num_kept := parts.num_kept():
            print(
                f"the {num_kept} latents that were found so far are kept in "
                f"'{parts.folder}'; the same command goes on from there"
            )
        else:
            with contextlib.suppress(OSError):  # never made, or not empty
                parts.folder.rmdir()
        raise
    shutil.rmtree(parts.folder, ignore_errors=True)


def _state(path: Path) -> list[tuple[str, int, int]]:
    """What changes when a video does, without reading it."""
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
    # Version 0.1 wrote "change0.weight" for "offset0.weight".
    tensors = {name.replace("change", "offset"): value for name, value in tensors.items()}
    num_layers = sum(name.endswith(".weight") for name in tensors)
    offsets = [
        Layer(tensors.pop(f"offset{index}.weight"), tensors.pop(f"offset{index}.bias"))
        for index in range(num_layers)
    ]
    values: dict[str, Any] = {
        name: value if value.ndim else value.item() for name, value in tensors.items()
    }
    return Inversion(weight_offsets=offsets or None, **values)
