"""Published weights give the same outputs as in the authors' networks."""

import pickle
from functools import partial
from pathlib import Path

import pytest
import torch
from tests.support.published_networks import Weights, dctcn, lrwp, ltcn, ones_like_those_of

from videospace.lipreading.model.encoders.dctcn import DctcnEncoder
from videospace.lipreading.model.encoders.lrwp import LrwpEncoder
from videospace.lipreading.model.encoders.ltcn import LtcnEncoder
from videospace.lipreading.model.encoders.published import load_published
from videospace.runtime.checkpoint import save_tensors
from videospace.runtime.errors import UserError

NETWORKS = {
    "lrwp": (lrwp, LrwpEncoder),
    "lrwp with borders": (partial(lrwp, border=True), LrwpEncoder),
    "ltcn": (ltcn, LtcnEncoder),
    "ltcn with slopes": (partial(ltcn, kind="prelu"), LtcnEncoder),
    "dctcn": (dctcn, DctcnEncoder),
    "dctcn with borders": (partial(dctcn, border=True), DctcnEncoder),
}


def authors_gray(frames: torch.Tensor, name: str) -> torch.Tensor:
    gray = (frames + 1) / 2
    return gray if name.startswith("lrwp") else (gray - 0.421) / 0.165


@pytest.mark.parametrize("name", NETWORKS)
def test_the_encoder_computes_what_the_published_network_computes(name, tmp_path):
    torch.manual_seed(0)
    network, kind = NETWORKS[name]
    weights, frames = Weights(), torch.rand(1, 4, 88, 88) * 2 - 1
    expected = network(weights, authors_gray(frames, name))
    halves = {
        name: value.half() if value.is_floating_point() else value
        for name, value in weights.tensors.items()
    }
    key = "video_model" if name.startswith("lrwp") else "model_state_dict"
    torch.save({key: halves, "epoch_idx": 3}, tmp_path / "published.pt")
    encoder = load_published(tmp_path / "published.pt")
    (tmp_path / "published.pt").unlink()
    with torch.no_grad():
        embeddings = encoder(frames, torch.tensor([4]))
    assert type(encoder) is kind
    assert not encoder.training
    assert expected.std() > 0.01
    torch.testing.assert_close(embeddings, expected, rtol=1e-3, atol=1e-3 * expected.std().item())


@pytest.fixture(scope="module")
def ltcn_tensors() -> dict[str, torch.Tensor]:
    return ones_like_those_of(ltcn)


def write(path: Path, tensors: object) -> Path:
    torch.save(tensors, path)
    return path


def test_bare_tensors_of_several_processes_are_read_too(tmp_path, ltcn_tensors):
    named = {f"module.{name}": value for name, value in ltcn_tensors.items()}
    encoder = load_published(write(tmp_path / "bare.pth.tar", named))
    assert isinstance(encoder, LtcnEncoder)
    assert encoder.config.activation == "swish"
    assert encoder.frame_network.stem.weight.eq(1).all()


def test_safetensors_are_read_too(tmp_path, ltcn_tensors):
    save_tensors(tmp_path / "whole.safetensors", ltcn_tensors)
    assert isinstance(load_published(tmp_path / "whole.safetensors"), LtcnEncoder)
    (tmp_path / "whole.safetensors").write_bytes(b"cut off")
    with pytest.raises(UserError, match="damaged"):
        load_published(tmp_path / "whole.safetensors")


def test_the_baseline_without_gates_is_recognized(tmp_path):
    tensors = ones_like_those_of(partial(lrwp, gated=False))
    encoder = load_published(write(tmp_path / "baseline.pt", {"video_model": tensors}))
    assert isinstance(encoder, LrwpEncoder)
    assert not encoder.config.squeeze_excitation


def test_wrong_tensors_are_named(tmp_path, ltcn_tensors):
    name, ours = "trunk.layer3.1.bn2.bias", "frame_network.blocks.5.second_norm.bias"
    path = tmp_path / "wrong.pt"
    without = {key: value for key, value in ltcn_tensors.items() if key != name}
    for tensors, message in (
        (without, ours),
        (ltcn_tensors | {"trunk.extra": torch.ones(1)}, "trunk.extra"),
        (ltcn_tensors | {name: torch.ones(3)}, r"\(3,\)"),
        (ltcn_tensors | {name: torch.full((256,), torch.nan)}, ours),
        ({"features.0.weight": torch.ones(1)}, "features.0.weight"),
        ({}, "none at all"),
        ({"a": 1}, "tensors by name"),
        ([torch.ones(1)], "model_state_dict"),
    ):
        with pytest.raises(UserError, match=message):
            load_published(write(path, tensors))


def test_missing_and_damaged_files_are_refused(tmp_path, ltcn_tensors):
    with pytest.raises(UserError, match="not there"):
        load_published(tmp_path / "none.pt")
    whole = write(tmp_path / "whole.pt", ltcn_tensors).read_bytes()
    for content in (b"", b"no weights", whole[: len(whole) // 2]):
        (tmp_path / "damaged.pt").write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            load_published(tmp_path / "damaged.pt")


class Dangerous:
    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_in_a_file_is_executed(tmp_path):
    (tmp_path / "trap.pt").write_bytes(pickle.dumps(Dangerous(tmp_path / "sprung"), protocol=2))
    with pytest.raises(UserError, match="cannot be read"):
        load_published(tmp_path / "trap.pt")
    torch.save({"video_model": Dangerous(tmp_path / "sprung")}, tmp_path / "trap.pt")
    with pytest.raises(UserError, match="cannot be read"):
        load_published(tmp_path / "trap.pt")
    assert not (tmp_path / "sprung").exists()
