import numpy as np
import torch

from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.encoder_guess import (
    can_guess,
    encodable_frames,
    frames_to_encode,
    guess_coordinates,
)
from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.latent_prior import LatentPrior

SMALL = EncoderConfig(side=8, num_channels=8, hidden_width=16)


def video():
    return np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), dtype=np.uint8)


def test_whole_and_coarse_clips():
    for context in (tasks.everything(video()), tasks.everything(video()[:, :2, :2])):
        assert encodable_frames(context).all()
        assert frames_to_encode(context, 8).shape == (5, 3, 8, 8)


def test_frames_of_a_beginning():
    context = tasks.prediction(video(), num_observed=2)
    assert encodable_frames(context).tolist() == [True, True, False, False, False]
    whole = frames_to_encode(tasks.everything(video()), 8)
    torch.testing.assert_close(frames_to_encode(context, 8)[:2], whole[:2])


def test_no_frame_where_half_of_each_is_hidden():
    context = tasks.inpainting(video())
    assert not encodable_frames(context).any()
    several, one = (
        LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=keyframes)) for keyframes in (3, 1)
    )
    assert not can_guess(several, context)
    beginning = tasks.prediction(video(), num_observed=2)
    assert can_guess(several, beginning)
    assert not can_guess(one, beginning)  # it needs all frames


def test_unobserved_pixels_have_no_influence():
    observed = np.random.default_rng(1).random((5, 16, 16)) < 0.4
    observed[:, ::2, ::2] = True
    one, two = (
        Context(video=np.where(observed[..., None], video(), hidden), observed=observed)
        for hidden in (np.uint8(0), np.uint8(255))
    )
    assert encodable_frames(one).all()
    assert torch.equal(frames_to_encode(one, 8), frames_to_encode(two, 8))


def test_unobserved_pixels_take_the_color_of_the_nearest_frame():
    video = np.zeros((4, 8, 8, 3), np.uint8)
    video[:] = (255 * np.array([0, 1, 0, 0]))[:, None, None, None]
    observed = np.zeros((4, 8, 8), bool)
    observed[[0, 3]] = True
    observed[1, :4] = True
    observed[:, 7, 7] = False
    frames = frames_to_encode(Context(video=video, observed=observed), 8)
    assert frames[1, :, :4].min() > 0.99
    assert frames[1, :, 4:, :7].max() < -0.99  # the first frame is nearer than the last
    assert frames[:, :, 7, 7].std() < 1e-6  # observed in no frame: the mean color
    assert -1 < frames[0, 0, 7, 7] < 0


def test_a_context_without_encodable_frames_gets_the_mean_latent():
    encoder = LatentEncoder(SMALL, LatentConfig(width=6, num_keyframes=3))
    prior = LatentPrior.of(torch.randn(20, 18), LatentConfig(width=6, num_keyframes=3))
    contexts = [tasks.inpainting(video()), tasks.everything(video())]
    found = guess_coordinates(encoder, prior, contexts, torch.linspace(-1, 1, 5))
    assert not found[0].any()
    assert found[1].any()
