import numpy as np
import pytest
from PIL import Image

from videospace.clips.video_output import write_video
from videospace.inrv import tasks
from videospace.inrv.completion import (
    complete_clips,
    complete_video,
    masked_clip,
    observed_frames,
    observed_region,
    observed_share,
    read_mask,
)
from videospace.inrv.hypernetwork import HypernetworkConfig
from videospace.inrv.inversion import InversionConfig
from videospace.inrv.video_clips import frame_size, frames_of, read_clip
from videospace.runtime.errors import UserError

QUICK = InversionConfig(max_steps=80, points_per_clip=64, prior_weight=1e-5, precision="float32")
SIZE = (6, 8)


@pytest.fixture
def space(make_space, make_model):
    hypernetwork = HypernetworkConfig(hidden_width=8, initial_difference=0.1)
    return make_space(num_clips=12, model=make_model(hypernetwork=hypernetwork))


@pytest.fixture
def film(tmp_path):
    """Ten frames of 20x30 px whose grey value is 20 times their number."""
    for number in range(10):
        pixels = np.full((20, 30, 3), 20 * number, np.uint8)
        (tmp_path / "film").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "film" / f"{number:02}.png")
    return tmp_path / "film"


class TestCompleteVideo:
    @pytest.mark.parametrize("num_frames", [1, 4, 11])
    def test_as_many_frames_as_came(self, space, num_frames):
        clip = space.render(space.latents[0], num_frames=num_frames)
        seen = observed_share(SIZE, 0.5, seed=0)
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

    def test_a_window_of_which_nothing_is_known(self, space):
        frames = iter(np.zeros((9, *SIZE, 3), np.uint8))
        first_only = observed_frames(SIZE, lambda time: time == 0)
        with pytest.raises(UserError, match="nothing is observed between frames 4 and 7"):
            list(complete_video(space, frames, first_only, QUICK))

    def test_several_samples(self, space):
        config = InversionConfig(samples=2)
        with pytest.raises(UserError, match="several samples fit one clip only"):
            next(complete_video(space, iter([]), observed_share(SIZE, 1.0, 0), config))


def test_a_clip_at_another_size_and_length(space):
    clip = space.render(space.latents[0])
    videos, found = complete_clips(
        space, [tasks.everything(clip)] * 2, QUICK, size=(12, 16), num_frames=7
    )
    assert videos.shape == (2, 7, 12, 16, 3)
    assert len(found.latents) == 2


def test_frames_that_were_made_up_are_not_known():
    clip = np.zeros((4, *SIZE, 3), np.uint8)
    context = masked_clip(clip, 3, lambda time: np.ones(SIZE, bool), start=7)
    assert context.observed.all(axis=(1, 2)).tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("mask", "came"),
    [
        (np.ones((3, 8), bool), "bool 3x8"),
        (np.ones((1, 8), bool), "bool 1x8"),  # numpy would repeat it
        (np.full(SIZE, 255, np.uint8), "uint8 6x8"),
    ],
)
def test_a_mask_that_does_not_fit_its_frame(mask, came):
    clip = np.zeros((4, *SIZE, 3), np.uint8)
    with pytest.raises(
        UserError, match=f"a mask of 6x8 px, True or False, for frame 7, came {came}"
    ):
        masked_clip(clip, 4, lambda time: mask, start=7)


def test_a_region_of_no_frames():
    with pytest.raises(UserError, match="at least 1 frame, True or False, came 0 of bool"):
        observed_region(np.zeros((0, *SIZE), bool))


class TestCompleteClips:
    def test_a_render_without_pixels_is_refused_before_the_search(self, space, monkeypatch):
        monkeypatch.setattr("videospace.inrv.completion.invert", None)  # not callable
        contexts = [tasks.everything(space.render(space.latents[0]))]
        for options in ({"size": (0, 4)}, {"num_frames": 0}):
            with pytest.raises(UserError, match="expected at least 1 frame of 1x1 px to render"):
                complete_clips(space, contexts, **options)

    def test_contexts_that_do_not_go_together(self, space):
        clip = space.render(space.latents[0])
        with pytest.raises(UserError, match="expected contexts of one size, came 2 frames"):
            complete_clips(space, [tasks.everything(clip), tasks.everything(clip[:2])])
        with pytest.raises(UserError, match="expected at least one context, came none"):
            complete_clips(space, [])

    def test_a_search_that_runs_away(self, space):
        config = InversionConfig(max_steps=5, learning_rate=1e30)
        with pytest.raises(UserError, match="ran away to numbers that are not finite"):
            complete_clips(space, [tasks.everything(space.render(space.latents[0]))], config)


def test_the_pixels_of_a_sparse_frame_depend_on_seed_and_number_only():
    seen = observed_share((100, 100), 0.25, seed=3)
    assert (seen(5) == seen(5)).all()
    assert (seen(5) != seen(6)).any()
    assert seen(5).mean() == pytest.approx(0.25, abs=0.02)
    with pytest.raises(UserError, match=r"in \(0, 1\], came 2"):
        observed_share(SIZE, 2.0, seed=0)


class TestReadMask:
    def test_an_image(self, tmp_path):
        pixels = np.zeros((12, 16), np.uint8)
        pixels[:, 8:] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE)
        assert hidden.shape == (1, 6, 8)
        assert (hidden[0] == (np.arange(8) >= 4)).all()

    def test_a_video(self, tmp_path):
        frames = [np.full((1, 24, 32, 3), value, np.uint8) for value in (0, 255, 0)]
        write_video(tmp_path / "mask.mp4", frames, fps=25)
        hidden = read_mask(tmp_path / "mask.mp4", SIZE)
        assert hidden.mean(axis=(1, 2)).tolist() == [0, 1, 0]
        assert observed_region(hidden)(9).all()  # a mask that is too short ends with its last frame

    def test_a_mask_of_nothing(self, tmp_path):
        Image.fromarray(np.zeros((3, 4), np.uint8)).save(tmp_path / "mask.png")
        with pytest.raises(UserError, match="hides nothing: its light pixels are what is hidden"):
            read_mask(tmp_path / "mask.png", SIZE)

    @pytest.mark.parametrize("size", [(20, 40), (40, 80), (10, 20)])
    def test_a_mask_of_the_whole_picture_is_cropped_as_the_video_is(self, tmp_path, size):
        """Of 40 columns the centre shows 7 to 33; the mask hides them from 20 on."""
        pixels = np.zeros(size, np.uint8)
        pixels[:, size[1] // 2 :] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40))
        assert (hidden[0] == (np.arange(8) >= 4)).all()
        right = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,12,12,16")
        assert (right[0] == (np.arange(8) >= 4)).all()
        with pytest.raises(UserError, match="hides nothing"):
            read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,0,12,16")

    @pytest.mark.parametrize("size", [(6, 8), (3, 4), (60, 80)])
    def test_a_mask_of_the_clips_is_not_cropped(self, tmp_path, size):
        pixels = np.zeros(size, np.uint8)
        pixels[:, : size[1] // 4] = 255
        Image.fromarray(pixels).save(tmp_path / "mask.png")
        hidden = read_mask(tmp_path / "mask.png", SIZE, picture=(20, 40), crop="0,0,12,16")
        assert (hidden[0] == (np.arange(8) < 2)).all()

    @pytest.mark.parametrize("picture", [None, (20, 40)])
    def test_other_proportions(self, tmp_path, picture):
        Image.fromarray(np.full((30, 30), 255, np.uint8)).save(tmp_path / "mask.png")
        video = r" or of the video \(20x40 px\)" if picture else ""
        message = rf"in the proportions of the clips \(6x8 px\){video}, came 30x30: .*mask.png"
        with pytest.raises(UserError, match=message):
            read_mask(tmp_path / "mask.png", SIZE, picture=picture)

    @pytest.mark.parametrize("name", ["absent.png", "text.png"])
    def test_no_mask(self, tmp_path, name):
        (tmp_path / "text.png").write_text("no picture")
        with pytest.raises(UserError, match=name):
            read_mask(tmp_path / name, SIZE)


class TestReadClip:
    def test_a_part_of_a_film(self, space, film):
        frames, num_real = read_clip(space, film, first=3)
        assert frames.shape == (4, 6, 8, 3)
        assert frames[:, 0, 0, 0].tolist() == [60, 80, 100, 120]
        assert num_real == 4

    def test_a_film_that_ends_early(self, space, film):
        frames, num_real = read_clip(space, film, first=8)
        assert frames[:, 0, 0, 0].tolist() == [160, 180, 180, 180]
        assert num_real == 2

    def test_a_film_that_has_ended(self, space, film):
        with pytest.raises(UserError, match="ends before frame 10"):
            read_clip(space, film, first=10)
        with pytest.raises(UserError, match="first frame at 0 or later, came -1"):
            read_clip(space, film, first=-1)

    def test_sizes(self, film):
        assert frame_size(film) == (20, 30)
        assert next(frames_of(film, (5, 5))).shape == (5, 5, 3)
