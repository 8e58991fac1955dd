import math

import pytest
import torch

from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.evaluation import evaluate
from videospace.metrics.fidelity import fidelity
from videospace.runtime.errors import UserError


@pytest.fixture
def perfect(tmp_path, make_space, make_store):
    """A space, and a store of just what it renders."""
    space = make_space(num_clips=5)
    return space, make_store(tmp_path / "perfect", 5, clips=space.render(space.latents))


def test_what_it_renders_itself_is_perfect(perfect):
    summary = evaluate(*perfect).summary()
    assert summary["num_clips"] == 5
    assert summary["ssim"] == pytest.approx(1)
    assert summary["psnr_db"] >= 100


def test_scores_are_those_of_each_clip(store, make_space):
    space = make_space(num_clips=5)
    evaluation = evaluate(space, store)
    assert evaluation.ids == store.ids
    assert evaluation.num_unknown == 0
    for row in range(5):
        video = torch.from_numpy(space.render(space.latents[row : row + 1]))
        alone = fidelity(video, torch.from_numpy(store.frames([row])))
        assert evaluation.fidelity.psnr_db[row].item() == pytest.approx(alone.psnr_db.item())
        assert evaluation.fidelity.ssim[row].item() == pytest.approx(alone.ssim.item(), abs=1e-5)


def test_clips_are_known_by_their_ids_not_their_order(perfect):
    space, store = perfect
    turned = VideoSpace(space.model, space.latents.flip(0), space.ids[::-1], space.clip)
    assert evaluate(turned, store).summary()["psnr_db"] >= 100


def test_clips_without_a_latent_are_counted(store, make_space):
    evaluation = evaluate(make_space(num_clips=3), store.folder)
    assert evaluation.ids == ["toy-0", "toy-1", "toy-2"]
    assert evaluation.num_unknown == 2


@pytest.mark.parametrize(
    ("max_clips", "rows"), [(1, [0]), (2, [0, 2]), (4, [0, 1, 2, 3]), (9, [0, 1, 2, 3, 4])]
)
def test_a_few_clips_are_spread_over_the_store(perfect, max_clips, rows):
    evaluation = evaluate(*perfect, max_clips=max_clips)
    assert evaluation.ids == [f"toy-{row}" for row in rows]


def test_no_clips_asked_for(perfect):
    with pytest.raises(UserError, match="max_clips"):
        evaluate(*perfect, max_clips=0)


def test_a_store_of_another_size(tmp_path, make_store, make_space):
    store = make_store(tmp_path / "store", size=(4, 8, 6))
    message = "expected clips of 4 frames"
    with pytest.raises(UserError, match=message):
        evaluate(make_space(num_clips=5), store)


def test_a_store_of_other_clips(store, make_space):
    space = make_space(num_clips=2)
    other = VideoSpace(space.model, space.latents, ["a", "b"], space.clip)
    with pytest.raises(UserError, match="none of the 5 clips"):
        evaluate(other, store)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 6, 8), (3, 1, 1), (2, 3, 5)])
def test_the_smallest_clips(tmp_path, make_store, make_space, size):
    space = make_space(num_clips=2, size=size)
    summary = evaluate(space, make_store(tmp_path / "store", 2, size)).summary()
    assert math.isfinite(summary["psnr_db"])


def test_silent_away_from_a_terminal(perfect, capfd):
    evaluate(*perfect)
    assert capfd.readouterr() == ("", "")
