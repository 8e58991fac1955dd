"""Whatever the file of an interrupted training says, it resumes or is refused, and stays small."""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tests.support.hostile_json import NASTY, paths, replaced

from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.state import STATE_FILE, TrainingState
from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.errors import UserError

CLIPS = "4x6x8:a,b,c"
NUM_CLIPS = 3


def new_state(config: TrainingConfig) -> TrainingState:
    codes = torch.zeros(NUM_CLIPS, config.model.latent.effective_code_width)
    return TrainingState(config, codes, torch.device("cpu"))


@pytest.fixture
def config(make_config: Callable[..., TrainingConfig]) -> TrainingConfig:
    return make_config()


@pytest.fixture
def saved(config: TrainingConfig, tmp_path: Path) -> Path:
    new_state(config).save(tmp_path, CLIPS)
    return tmp_path / STATE_FILE


class Changes:
    """The file with other tensors or notes."""

    def __init__(self, path: Path):
        self.path = path
        tensors, self.notes = load_tensors(path)
        self.tensors = {name: tensor.clone() for name, tensor in tensors.items()}

    def save(
        self, tensors: dict[str, torch.Tensor] | None = None, notes: dict[str, str] | None = None
    ) -> None:
        notes = self.notes if notes is None else notes
        save_file(tensors or self.tensors, self.path, notes)  # which does not wait for the disk


def is_loaded(state: TrainingState, folder: Path) -> bool:
    try:
        state.load(folder, CLIPS)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return False
    return True


@pytest.mark.parametrize("note", ["config", "progress"])
def test_every_field_of_the_notes(saved: Path, config: TrainingConfig, note: str) -> None:
    changes = Changes(saved)
    state, valid = new_state(config), json.loads(changes.notes[note])
    for path in paths(valid):
        for value in NASTY[:: 3 if note == "config" else 1]:
            text = json.dumps(replaced(valid, path, value))
            changes.save(notes={**changes.notes, note: text})
            is_loaded(state, saved.parent)
    for text in ("", "no json", "[]", "3", "[" * 100_000, '{"step": 1e999}'):
        changes.save(notes={**changes.notes, note: text})
        assert not is_loaded(state, saved.parent)


def test_notes_that_are_missing(saved: Path, config: TrainingConfig) -> None:
    changes, state = Changes(saved), new_state(config)
    for name in changes.notes:
        changes.save(notes={key: text for key, text in changes.notes.items() if key != name})
        assert not is_loaded(state, saved.parent)
    changes.save(notes={})
    assert not is_loaded(state, saved.parent)


@pytest.mark.thorough
def test_every_tensor(saved: Path, config: TrainingConfig) -> None:
    changes, state = Changes(saved), new_state(config)
    for name, value in changes.tensors.items():
        rest = {key: each for key, each in changes.tensors.items() if key != name}
        odd: list[dict[str, torch.Tensor]] = [
            rest,
            {**rest, f"{name}.more": value},
            {**rest, name: value.double() if value.is_floating_point() else value.float()},
            {**rest, name: value[None]},
            {**rest, name: torch.zeros(0)},
        ]
        if value.is_floating_point():
            odd.append({**rest, name: torch.full_like(value, torch.nan)})
        for tensors in odd:
            changes.save(tensors)
            assert not is_loaded(state, saved.parent), name


def test_a_refused_file_changes_nothing(saved: Path, config: TrainingConfig) -> None:
    changes = Changes(saved)
    other = {
        name: value + 1 if value.is_floating_point() else value
        for name, value in changes.tensors.items()
    }
    last = sorted(other)[-1]
    changes.save({**other, last: torch.full_like(other[last], torch.nan)})
    state = new_state(config)
    before = {name: value.clone() for name, value in state.tensors().items()}
    with pytest.raises(UserError, match="finite"):
        state.load(saved.parent, CLIPS)
    assert all(torch.equal(value, before[name]) for name, value in state.tensors().items())


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in other units")
def test_a_file_of_another_size_is_refused_before_it_takes_memory(
    saved: Path, config: TrainingConfig
) -> None:
    changes = Changes(saved)
    huge, width = 5 * 10**7, changes.tensors["codes"].shape[1]
    header = saved.read_bytes()
    length = int.from_bytes(header[:8], "little")
    content = json.loads(header[8 : 8 + length])
    shift = 0
    for name in sorted(content.keys() - {"__metadata__"}, key=lambda n: content[n]["data_offsets"]):
        start, stop = (offset + shift for offset in content[name]["data_offsets"])
        if name == "codes":
            shift, stop = shift + 4 * width * huge - (stop - start), start + 4 * width * huge
            content[name]["shape"] = [huge, width]
        content[name]["data_offsets"] = [start, stop]
    text = json.dumps(content).encode()
    with open(saved, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(len(header) - length + len(text) + shift)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match="codes"):
        new_state(config).load(saved.parent, CLIPS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_complex_numbers(saved: Path, config: TrainingConfig) -> None:
    content = saved.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    shape = header["codes"]["shape"]
    header["codes"].update(dtype="C64", shape=[shape[0], shape[1] // 2])
    text = json.dumps(header).encode()
    saved.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + length :])
    with pytest.raises(UserError, match="C64"):
        new_state(config).load(saved.parent, CLIPS)


def test_the_file_is_resumed_as_it_was(saved: Path, config: TrainingConfig) -> None:
    state = new_state(config)
    assert is_loaded(state, saved.parent)
    assert state.progress == new_state(config).progress
