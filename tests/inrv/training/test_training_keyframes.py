"""Training of latents with several keyframes."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.toy_spaces import CONSTANT, changed_model

from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import BatchConfig, TrainingConfig
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.runtime.errors import UserError
from videospace.runtime.log import read_metrics

QUIET = TrainingOptions(progress=False, log_every=1)
PIXELS = 6 * 8


def run(store, out, config, on_step=None):
    return train(store, out, config, QUIET, on_step)


@pytest.fixture
def config(make_config, keyframes_model):
    """`toy_config` with latents of three keyframes."""
    return lambda num_steps=24, **changes: make_config(num_steps, model=keyframes_model, **changes)


@pytest.fixture
def looked_at(monkeypatch):
    """The points of every step, as they are looked up."""
    colors, seen = TrainingClips.colors, []

    def watched(self, clips, points):
        seen.append(points)
        return colors(self, clips, points)

    monkeypatch.setattr(TrainingClips, "colors", watched)
    return seen


class TestLearning:
    @pytest.mark.parametrize(
        "batch",
        [
            BatchConfig(num_clips=3, points_per_clip=16),
            BatchConfig(num_clips=3, points_per_clip=16, important_fraction=0.5),
            BatchConfig(num_clips=2, points_per_clip=None),
        ],
    )
    def test_the_loss_falls_and_the_space_shows_it(self, store, tmp_path, config, batch):
        num_points = batch.num_clips * (batch.points_per_clip or PIXELS)
        errors = []
        for num_steps in (1, 300):
            settings = config(
                batch=batch,
                code_init=CodeInitConfig(method="pca"),
                total_points=float(num_steps * num_points),
            )
            report = run(store, tmp_path / str(num_steps), settings)
            assert report.step == num_steps
            space = VideoSpace.from_pretrained(tmp_path / str(num_steps))
            difference = space.render(space.latents).astype(float) - store.frames(range(5))
            errors.append(np.square(difference).mean())
        assert errors[1] < 0.2 * errors[0]
        psnr_db = [record["psnr_db"] for record in read_metrics(tmp_path / "300")]
        assert psnr_db[-1] > psnr_db[0] + 5

    @pytest.mark.parametrize("important_fraction", [0.0, 0.5, 1.0])
    def test_a_step_sees_one_frame_of_each_clip(
        self, store, tmp_path, config, looked_at, important_fraction
    ):
        batch = BatchConfig(num_clips=3, points_per_clip=16, important_fraction=important_fraction)
        report = run(store, tmp_path / "space", config(batch=batch))
        steps = [points // PIXELS for points in looked_at if points.shape == (3, 16)]
        assert len(steps) == report.step == 24
        assert all((frames == frames[:, :1]).all() for frames in steps)
        assert {frame for frames in steps for frame in frames[:, 0].tolist()} == {0, 1, 2, 3}
        assert any(len(frames.unique()) > 1 for frames in steps)

    def test_the_whole_grid_is_that_of_a_frame(self, store, tmp_path, config, looked_at):
        batch = BatchConfig(num_clips=2, points_per_clip=None)
        report = run(store, tmp_path / "space", config(batch=batch))
        assert (report.step, report.points) == (12, 12 * 2 * PIXELS)
        grids = [points for points in looked_at if points.shape == (2, PIXELS)]
        assert len(grids) == 12
        for points in grids:
            assert (points % PIXELS == torch.arange(PIXELS)).all()
            assert (points // PIXELS == points[:, :1] // PIXELS).all()

    def test_an_end_of_a_clip_that_no_step_sees_stays_unlearned(
        self, store, tmp_path, config, monkeypatch
    ):
        """Each frame teaches the keyframes beside it: frames 0 and 1 never reach the last one."""
        draw = torch.randint

        def early(*arguments, **options):
            high, size = arguments[-2:]
            return draw(2 if tuple(size) == (3,) else high, size, **options)

        states = []
        monkeypatch.setattr("videospace.inrv.training.step.torch.randint", early)
        run(store, tmp_path / "space", config(), lambda state: states.append(state.codes.clone()))
        moved = (states[-1] != states[0]).view(5, 3, 6).any(dim=2)
        assert moved.tolist() == [[True, True, False]] * 5


@pytest.mark.parametrize("start", ["gaussian", "pca", "isomap"])
@pytest.mark.parametrize("size", [(1, 1, 1), (2, 3, 5), (7, 2, 3)])
@pytest.mark.parametrize("num_clips", [1, 2])
def test_any_shape_and_fewer_frames_than_keyframes(
    tmp_path, make_store, config, size, start, num_clips
):
    store = make_store(tmp_path / "store", num_clips, size)
    run(store, tmp_path / "space", config(6, code_init=CodeInitConfig(method=start)))
    space = VideoSpace.from_pretrained(tmp_path / "space")
    assert space.latents.shape == (num_clips, 6 * min(3, size[0]))
    assert space.render(space.latents, num_frames=9).shape == (num_clips, 9, *size[1:], 3)


def test_a_constant_part_is_learned(store, tmp_path, make_config):
    config = make_config(
        300, model=changed_model(latent=CONSTANT), code_init=CodeInitConfig(method="pca")
    )
    run(store, tmp_path / "space", config)
    psnr_db = [record["psnr_db"] for record in read_metrics(tmp_path / "space")]
    assert psnr_db[-1] > psnr_db[0] + 5
    space = VideoSpace.from_pretrained(tmp_path / "space")
    assert space.latents.shape == (5, CONSTANT.total_width)


def test_the_same_seed_gives_the_same_bits(store, tmp_path, config):
    spaces = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(store, tmp_path / name, config(seed=seed))
        spaces.append(VideoSpace.from_pretrained(tmp_path / name))
    assert spaces[0].fingerprint() == spaces[1].fingerprint() != spaces[2].fingerprint()
    assert torch.equal(spaces[0].latents, spaces[1].latents)


def test_a_semantic_space_mixes_all_keyframes_from_code_and_frames(
    store, tmp_path, semantic_config
):
    latent = dataclasses.replace(semantic_config.model.latent, num_keyframes=3)
    model = dataclasses.replace(semantic_config.model, latent=latent)
    codes = CodeInitConfig(method="pca")
    config = dataclasses.replace(
        semantic_config, model=model, code_init=codes, total_points=200 * 3 * 16.0, seed=1
    )
    states = []
    run(store, tmp_path / "space", config, states.append)
    psnr_db = [record["psnr_db"] for record in read_metrics(tmp_path / "space")]
    assert psnr_db[-1] > psnr_db[0] + 3
    space = VideoSpace.from_pretrained(tmp_path / "space")
    assert states[-1].codes.shape == (5, 5)
    assert space.latents.shape == (5, 18)
    [path] = (store.folder / "features").iterdir()
    cached = load_file(path)
    features = torch.stack([cached[clip_id] for clip_id in space.ids]).float()
    features = torch.nn.functional.pad(features, (0, 24 - features.shape[2]))
    expected = space.model.latents(states[-1].codes, features)
    torch.testing.assert_close(space.latents, expected)


def test_no_keyframe_at_all(make_model):
    with pytest.raises(UserError, match="num_keyframes"):
        TrainingConfig(model=make_model(latent=LatentConfig(num_keyframes=0)))
