"""The projection of mouth features, from made-up features and from drawn mouths."""

import numpy as np
import pytest
import torch
from benchmarks.make_lip_projection import aligned_pairs, alignment, discriminant
from safetensors.torch import load_file

from benchmarks import make_lip_projection
from videospace.lipreading.mouth.detectors import FixedBox
from videospace.runtime.errors import UserError

HEADER = "recording\tstart_frame\tend_frame\tword\n"


def test_an_alignment_follows_the_speech():
    one, other = np.array([0.0, 1, 2]), np.array([0.0, 1, 1, 1, 2])
    path = alignment(np.abs(one[:, None] - other[None]))
    assert path == [(0, 0), (1, 1), (1, 2), (1, 3), (2, 4)]


def test_what_differs_between_takes_is_projected_away():
    """One of ten numbers is different in every take; the others say which word it is."""
    chance = np.random.default_rng(0)
    frames = chance.normal(size=(600, 10))
    takes = [frames + chance.normal(size=frames.shape) * np.eye(10)[3] * 9 for _ in range(2)]
    counts = np.linalg.norm(discriminant([(takes[0], takes[1])]), axis=1)
    assert counts[3] < 0.5 * np.delete(counts, 3).min()


def test_pairs_are_of_the_same_word_and_follow_the_seed():
    def sequences(level: float) -> list[torch.Tensor]:
        return [torch.full((9, 4), level) + torch.arange(4) * take for take in range(3)]

    features = {"a": sequences(1), "b": sequences(50), "once": sequences(99)[:1]}
    pairs = list(aligned_pairs(features, 0))
    assert len(pairs) == 2 * make_lip_projection.PAIRS_PER_WORD
    assert all(abs(one.mean() - other.mean()) < 10 for one, other in pairs)
    again = list(aligned_pairs(features, 0))
    assert all(
        np.array_equal(one, other) for (one, _), (other, _) in zip(pairs, again, strict=True)
    )
    with pytest.raises(UserError, match="twice"):
        list(aligned_pairs({"once": sequences(1)[:1]}, 0))


def test_the_recordings_for_measuring_are_left_out(made_data, tmp_path):
    folder = made_data / "grid_s1"
    rows = [HEADER]
    for old, new in (("bbaf2n", "lbaf2n"), ("bbaf3s", "lbaf2s"), ("bbaf4p", "bbaf4p")):
        (folder / f"{old}.mp4").rename(folder / f"{new}.mp4")
        for number, word in enumerate(("lay", "blue", "at", "f", "two")):
            rows.append(f"{new}\t{5 * number}\t{5 * number + 5}\t{word}\n")
    (folder / "words.tsv").write_text("".join(rows))
    out, work = tmp_path / "out", tmp_path / "work"
    make_lip_projection.make(folder, out, work=work, detector=FixedBox("0,0,120,120"))
    assert {path.stem for path in work.rglob("*.npz")} == {"lbaf2n", "lbaf2s"}
    projection = load_file(out / "model.safetensors")["projection"]
    assert (projection.shape, projection.dtype) == ((429, 80), torch.float16)
    card = (out / "README.md").read_text()
    assert "CC BY" in card
    assert "2 recordings" in card
