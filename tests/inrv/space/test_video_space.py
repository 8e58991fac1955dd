import numpy as np
import pytest
import torch

from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.runtime.errors import UserError


def directions(latents):
    return latents / latents.norm(dim=1, keepdim=True)


class TestLatents:
    def test_by_clip_id(self, make_space):
        space = make_space()
        assert torch.equal(space.latent("toy-2"), space.latents[2])

    def test_an_unknown_id_names_the_nearest(self, make_space):
        with pytest.raises(UserError, match="did you mean toy-2"):
            make_space().latent("toy-22")
        with pytest.raises(UserError, match=r"^((?!did you mean).)*$"):
            make_space().latent("§")

    @pytest.mark.parametrize(
        ("ids", "message"),
        [(["a"], "got 1 for 2"), (["a", "a"], "twice")],
    )
    def test_ids_that_do_not_fit(self, make_space, ids, message):
        space = make_space()
        with pytest.raises(UserError, match=message):
            VideoSpace(space.model, space.latents[:2], ids, space.clip)

    @pytest.mark.parametrize("changes", [{"height": 0}, {"num_frames": -1}, {"fps": 0.0}])
    def test_shapes_without_pixels(self, changes):
        fields = {"num_frames": 4, "height": 6, "width": 8, "fps": 25.0, **changes}
        with pytest.raises(UserError, match=r"ClipShape|at least 1 frame"):
            ClipShape(**fields)

    def test_the_weights_do_not_learn_any_more(self, make_space):
        space = make_space()
        assert not any(parameter.requires_grad for parameter in space.model.parameters())
        assert not space.model.training


class TestSample:
    @pytest.mark.parametrize("method", ["slerp", "lerp", "gaussian"])
    def test_the_seed_decides(self, make_space, method):
        space = make_space()
        first, same, other = (space.sample(6, method=method, seed=seed) for seed in (1, 1, 2))
        assert first.shape == (6, 6)
        assert torch.equal(first, same)
        assert not torch.equal(first, other)

    def test_global_chance_is_left_alone(self, make_space):
        space = make_space()
        torch.manual_seed(5)
        space.sample(3)
        after = torch.rand(1)
        torch.manual_seed(5)
        assert torch.equal(torch.rand(1), after)

    @pytest.mark.parametrize("count", [0, -1])
    def test_nothing_asked_for(self, make_space, count):
        with pytest.raises(UserError, match=f"got {count}"):
            make_space().sample(count)

    @pytest.mark.parametrize("method", ["slerp", "lerp", "gaussian"])
    def test_one_clip_only(self, make_space, method):
        with pytest.raises(UserError, match="at least 2 clips"):
            make_space(num_clips=1).sample(3, method=method)


class TestInterpolate:
    def test_from_clip_to_clip_and_from_latent_to_latent(self, make_space):
        space = make_space()
        by_id = space.interpolate("toy-1", "toy-3", steps=5)
        by_latent = space.interpolate(space.latents[1], space.latents[3], steps=5)
        assert torch.equal(by_id, by_latent)
        assert torch.equal(by_id[[0, -1]], space.latents[[1, 3]])

    def test_one_clip_with_itself(self, make_space):
        space = make_space(num_clips=1)
        latents = space.interpolate("toy-0", "toy-0", steps=3)
        torch.testing.assert_close(latents, space.latents.expand(3, 6))
        assert space.render(latents).shape == (3, 4, 6, 8, 3)

    def test_lerp_and_slerp_of_a_normalized_space_show_the_same_videos(self, make_space):
        space = make_space()
        start, end = directions(space.latents[:2])
        paths = ("lerp", "slerp")
        half = [space.interpolate(start, end, steps=3, path=path)[1:2] for path in paths]
        torch.testing.assert_close(directions(half[0]), directions(half[1]))
        videos = [space.render(latent).astype(int) for latent in half]
        assert np.abs(videos[0] - videos[1]).max() <= 1

    def test_bad_ends(self, make_space):
        space = make_space()
        with pytest.raises(UserError, match="no clip 'toy-9'"):
            space.interpolate("toy-0", "toy-9")
        with pytest.raises(UserError, match="at least 2 steps"):
            space.interpolate("toy-0", "toy-1", steps=1)
        with pytest.raises(UserError, match="got 1x5"):
            space.interpolate("toy-0", torch.randn(5))


class TestRender:
    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, (4, 6, 8)),
            ({"height": 12}, (4, 12, 16)),
            ({"width": 4}, (4, 3, 4)),
            ({"height": 5, "width": 5}, (4, 5, 5)),
            ({"num_frames": 9}, (9, 6, 8)),
            ({"height": 1}, (4, 1, 1)),
            ({"width": 1, "num_frames": 1}, (1, 1, 1)),
        ],
    )
    def test_one_side_alone_keeps_the_aspect(self, make_space, asked, expected):
        space = make_space()
        videos = space.render(space.latents[:2], **asked)
        assert videos.shape == (2, *expected, 3)
        assert videos.dtype == np.uint8
        frames = list(space.render_frames(space.latents[:2], **asked))
        assert np.array_equal(np.stack(frames, axis=1), videos)

    def test_one_latent_gives_one_video(self, make_space):
        space = make_space()
        video = space.render(space.latent("toy-1"))
        assert video.shape == (4, 6, 8, 3)
        assert np.array_equal(video, space.render(space.latents[1:2])[0])

    @pytest.mark.parametrize(
        ("latents", "message"),
        [
            (torch.zeros(2, 5), "got 2x5"),
            (torch.zeros(7), "got 1x7"),
            (torch.tensor([[0.0, torch.nan, 0, 0, 0, 0]]), "not finite"),
            (torch.tensor([[torch.inf] * 6]), "not finite"),
        ],
    )
    def test_latents_that_do_not_fit(self, make_space, latents, message):
        with pytest.raises(UserError, match=message):
            make_space().render(latents)

    @pytest.mark.parametrize("asked", [{"height": 0}, {"width": -2}, {"num_frames": 0}])
    def test_sizes_without_pixels(self, make_space, asked):
        space = make_space()
        with pytest.raises(UserError, match="at least 1 frame"):
            space.render(space.latents, **asked)


def test_moving_to_a_device(make_space):
    space = make_space()
    assert space.to("cpu") is space
    assert space.device == torch.device("cpu")
