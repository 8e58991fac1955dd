import numpy as np
import pytest

from videospace.inrv.completion import completion
from videospace.inrv.completion.completion import complete_clips, complete_video
from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.inversion.masks import (
    observed_frames,
    observed_random_fraction,
    observed_region,
)
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.runtime.errors import UserError

QUICK = InversionConfig(max_steps=80, points_per_clip=64, prior_weight=1e-5, precision="float32")
SIZE = (6, 8)


@pytest.fixture
def space(make_space, make_model):
    hypernetwork = HypernetworkConfig(hidden_width=8, initial_difference=0.1)
    return make_space(num_clips=12, model=make_model(hypernetwork=hypernetwork))


class TestCompleteVideo:
    @pytest.mark.parametrize("num_frames", [1, 4, 11])
    def test_as_many_frames_as_came(self, space, num_frames):
        clip = space.render(space.latents[0], num_frames=num_frames)
        seen = observed_random_fraction(SIZE, 0.5, seed=0)
        completed = list(complete_video(space, iter(clip), seen, QUICK, size=(9, 5)))
        assert len(completed) == num_frames
        assert completed[0].shape == (9, 5, 3)

    def test_a_still_of_the_space_is_completed(self, space):
        """Every window shows the same, so that windows and fades must not show."""
        clip = np.repeat(space.render(space.latents[3])[:1], 4, axis=0)
        seen = observed_region(tasks.rectangle(SIZE, 3, 0, 3, 8))
        long = list(complete_video(space, iter(np.concatenate([clip] * 3)), seen, QUICK))
        error = np.abs(np.stack(long)[:, :3].astype(float) - clip[0, :3])
        assert error.mean() < 12

    def test_every_window_is_completed_as_well_as_a_clip_alone(self, space):
        clip = space.render(space.latents[3])
        film = np.concatenate([clip] * 3)
        seen = observed_region(tasks.rectangle(SIZE, 3, 0, 3, 8))
        completed = list(complete_video(space, iter(film), seen, QUICK, overlap=0))
        nothing_known = space.render(space.latents.mean(dim=0)).astype(float)
        missed = np.abs(np.stack(completed).astype(float) - film).mean(axis=(1, 2, 3))
        assert missed.max() < 0.5 * np.abs(nothing_known - clip).mean()

    @pytest.mark.parametrize(("memory", "at_once"), [(1 << 20, [3]), (1, [1, 1, 1])])
    def test_no_more_windows_at_once_than_memory_holds(self, space, monkeypatch, memory, at_once):
        calls = []

        def counted(space, contexts, config, **options):
            calls.append(len(contexts))
            return invert(space, contexts, config, **options)

        monkeypatch.setattr(completion, "WINDOW_BYTES", memory)
        monkeypatch.setattr(completion, "invert", counted)
        film = space.render(space.latents[0], num_frames=12)
        seen, config = observed_random_fraction(SIZE, 0.5, seed=0), InversionConfig(max_steps=1)
        assert len(list(complete_video(space, iter(film), seen, config))) == 12
        assert calls == at_once

    def test_a_window_of_which_nothing_is_known(self, space):
        frames = iter(np.zeros((9, *SIZE, 3), np.uint8))
        first_only = observed_frames(SIZE, lambda time: time == 0)
        with pytest.raises(UserError, match="nothing is observed"):
            list(complete_video(space, frames, first_only, QUICK))

    def test_several_samples(self, space):
        config = InversionConfig(samples=2)
        with pytest.raises(UserError, match="expected 1 sample"):
            next(complete_video(space, iter([]), observed_random_fraction(SIZE, 1.0, 0), config))


def test_a_clip_at_another_size_and_length(space):
    clip = space.render(space.latents[0])
    videos, found = complete_clips(
        space, [tasks.everything(clip)] * 2, QUICK, size=(12, 16), num_frames=7
    )
    assert videos.shape == (2, 7, 12, 16, 3)
    assert len(found.latents) == 2


class TestCompleteClips:
    def test_clips_as_a_store_maps_them(self, space, make_store, tmp_path):
        clip = make_store(tmp_path / "store")[0]
        context = tasks.prediction(clip)
        context.observed.flags.writeable = False
        assert not clip.flags.writeable
        videos, _ = complete_clips(
            space, [context], InversionConfig(max_steps=1), back_projection=True
        )
        assert (videos[0, 0] == clip[0]).all()

    def test_a_render_without_pixels_is_refused_before_the_inversion(self, space, monkeypatch):
        monkeypatch.setattr("videospace.inrv.completion.completion.invert", None)  # not callable
        contexts = [tasks.everything(space.render(space.latents[0]))]
        for options in ({"size": (0, 4)}, {"num_frames": 0}):
            with pytest.raises(UserError, match="at least 1 frame"):
                complete_clips(space, contexts, **options)

    def test_contexts_that_do_not_go_together(self, space):
        clip = space.render(space.latents[0])
        with pytest.raises(UserError, match="one size"):
            complete_clips(space, [tasks.everything(clip), tasks.everything(clip[:2])])
        with pytest.raises(UserError, match="at least one context"):
            complete_clips(space, [])

    def test_an_inversion_that_diverges(self, space):
        config = InversionConfig(max_steps=5, learning_rate=1e30)
        with pytest.raises(UserError, match="diverged"):
            complete_clips(space, [tasks.everything(space.render(space.latents[0]))], config)
