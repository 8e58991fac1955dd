from pathlib import Path

import numpy as np
import pytest
import torch

from videospace.inrv.model.inr import Layer
from videospace.inrv.space.latent_files import LatentFile, save_latents
from videospace.inrv.space.named_latents import find_latent, find_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError


@pytest.fixture
def space(make_space) -> VideoSpace:
    """Clips ``toy-0`` to ``toy-3`` at 12.5 frames per second."""
    return make_space()


@pytest.fixture
def save(tmp_path, space):
    """Write a latent file of some names and return its path; latents count on from ``first``."""

    def save(file: str, *names: str, first: int = 0, refined: bool = False, fps=None) -> str:
        rows = torch.arange(first, first + len(names))
        latents = rows[:, None] + torch.linspace(0, 0.5, 6)
        weight_offsets = None
        if refined:
            predicted = space.model.inrs(latents).layers
            weight_offsets = [
                Layer(torch.full_like(w, 0.1), torch.zeros_like(b)) for w, b in predicted
            ]
        content = LatentFile(
            latents=latents, names=list(names), weight_offsets=weight_offsets, fps=fps
        )
        save_latents(tmp_path / file, content, space)
        return str(tmp_path / file)

    return save


def number(latent: torch.Tensor) -> int:
    """The number of this latent among those of ``save``."""
    assert torch.equal(latent, latent[0] + torch.linspace(0, 0.5, 6))
    return int(latent[0])


def refusal(find, space: VideoSpace, name) -> str:
    with pytest.raises(UserError) as caught:
        find(space, name)
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestOneLatent:
    def test_a_clip_of_the_space(self, space):
        assert torch.equal(find_latent(space, "toy-2"), space.latents[2])

    def test_a_file_with_one_latent(self, space, save):
        assert number(find_latent(space, save("one.npz", "a", first=7))) == 7

    @pytest.mark.parametrize(("choice", "expected"), [("b.mp4", 1), ("c", 2), ("0", 0), ("2", 2)])
    def test_one_of_several_by_name_or_number(self, space, save, choice, expected):
        path = save("many.npz", "a", "b.mp4", "c")
        assert number(find_latent(space, f"{path}:{choice}")) == expected

    def test_a_name_wins_over_a_number(self, space, save):
        path = save("many.npz", "2", "1", "b")
        assert number(find_latent(space, f"{path}:2")) == 0
        assert number(find_latent(space, f"{path}:0")) == 0
        assert number(find_latent(space, f"{path}:1")) == 1

    @pytest.mark.parametrize("name", ["b:c", "b.npz", "b.npz:0", ":", " "])
    def test_names_with_the_signs_of_an_address(self, space, save, name):
        path = save("many.npz", "a", name)
        assert number(find_latent(space, f"{path}:{name}")) == 1

    def test_a_path_with_the_signs_of_an_address(self, space, save):
        path = save("a.npz:0.npz", "a", "b")
        assert number(find_latent(space, f"{path}:1")) == 1
        save("a.npz", "c", first=5)
        assert number(find_latent(space, f"{path}:1")) == 1

    def test_a_suffix_in_capitals(self, space, save):
        assert number(find_latent(space, save("A.NPZ", "a", "b") + ":b")) == 1

    def test_an_id_wins_over_a_file(self, space, save):
        path = save("many.npz", "a", "b", first=5)
        ids = [path, f"{path}:a", "x.npz", "toy-3"]
        like = VideoSpace(space.model, space.latents, ids, space.clip)
        for row, clip_id in enumerate(ids):
            assert torch.equal(find_latent(like, clip_id), space.latents[row])
        assert number(find_latent(like, f"{path}:b")) == 6

    def test_several_and_no_choice(self, space, save):
        path = save("many.npz", "a", "b", "c")
        assert f"{path}:a or {path}:0" in refusal(find_latent, space, path)


@pytest.mark.parametrize("find", [find_latent, lambda space, name: find_latents(space, [name])])
class TestWrongNames:
    def test_an_unknown_clip_names_the_nearest(self, space, find):
        said = refusal(find, space, "toy-9")
        assert "did you mean toy-" in said

    @pytest.mark.parametrize("choice", ["", ":b", ":3"])
    def test_a_file_that_is_not_there(self, space, find, tmp_path, choice):
        path = f"{tmp_path}/none.npz"
        assert f"no latent file '{path}'" in refusal(find, space, path + choice)

    @pytest.mark.parametrize("choice", ["3", "-1", "01", "9" * 5000, "film-9"])
    def test_a_choice_that_the_file_does_not_have(self, space, find, save, choice):
        path = save("many.npz", "film-0", "film-1", "c")
        said = refusal(find, space, f"{path}:{choice}")
        assert f"no latent '{choice}'" in said
        assert ("film-1, film-0" in said) == (choice == "film-9")

    def test_a_name_that_several_have(self, space, find, save):
        path = save("many.npz", "a", "a", "0", "0")
        for name in ("a", "0"):
            assert f"{path}:0 to {path}:3" in refusal(find, space, f"{path}:{name}")
        assert number(find_latent(space, f"{path}:1")) == 1

    def test_a_file_of_another_space(self, space, find, save, make_space):
        other = make_space()
        next(other.model.parameters()).add_(1)
        assert "fingerprint" in refusal(find, other, save("a.npz", "a"))

    def test_a_folder_with_the_suffix(self, space, find, tmp_path):
        (tmp_path / "folder.npz").mkdir()
        assert "Is a directory" in refusal(find, space, f"{tmp_path}/folder.npz")


class TestSeveralLatents:
    def test_ids_and_files_in_their_order(self, space, save):
        one, many = save("one.npz", "x", first=9), save("many.npz", "a", "b", "c")
        found = find_latents(space, [many, "toy-1", one, f"{many}:c"])
        assert found.names == ["a", "b", "c", "toy-1", "x", "c"]
        assert [number(found.latents[row]) for row in (0, 1, 2, 4, 5)] == [0, 1, 2, 9, 2]
        assert torch.equal(found.latents[3], space.latents[1])
        assert found.weight_offsets is None

    def test_none(self, space):
        assert "at least one" in refusal(find_latents, space, [])

    def test_weight_offsets_stay_with_their_clip(self, space, save):
        refined, plain = save("a.npz", "a", "b", refined=True), save("b.npz", "c", first=4)
        found = find_latents(space, ["toy-0", f"{refined}:b", plain])
        moved = torch.tensor([0.0, 0.1, 0.0])[:, None, None]
        for offset, predicted in zip(
            found.weight_offsets, space.model.inrs(found.latents).layers, strict=True
        ):
            assert torch.equal(offset.weight, moved.expand_as(predicted.weight))
            assert torch.equal(offset.bias, torch.zeros_like(predicted.bias))
        frames, without = (
            np.stack(list(space.render_frames(found.latents, weight_offsets=weight_offsets)))
            for weight_offsets in (found.weight_offsets, None)
        )
        assert [bool((frames[:, row] != without[:, row]).any()) for row in range(3)] == [
            *(False, True, False),
        ]

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["thirty.npz"], 30.0),
            (["thirty.npz", "thirty.npz:a"], 30.0),
            (["unknown.npz"], 12.5),
            (["toy-0", "unknown.npz"], 12.5),
            (["toy-0", "thirty.npz"], None),
        ],
    )
    def test_the_rate_that_the_clips_agree_on(self, space, save, tmp_path, names, expected):
        save("thirty.npz", "a", "b", fps=30.0)
        save("unknown.npz", "a", "b")
        paths = [name if name == "toy-0" else str(Path(tmp_path, name)) for name in names]
        assert find_latents(space, paths).fps == expected
