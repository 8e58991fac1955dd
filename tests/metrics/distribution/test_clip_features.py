"""Features of clips, with the weights of the extra 'generation'."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.metrics.distribution.clip_features import ClipFeatures
from videospace.metrics.distribution.frechet import frechet_distance
from videospace.metrics.distribution.image_network import PACKAGE, ImageNetwork, _package_weights
from videospace.runtime.errors import UserError

package = pytest.importorskip(PACKAGE, reason="needs the extra 'generation'")
PALACE = 698


@pytest.fixture(scope="module")
def network():
    return ImageNetwork()


@pytest.fixture(scope="module")
def features(network):
    return ClipFeatures(network)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "clips"
    store = write_moving_mnist(folder, MovingMnistConfig(num_clips=16, seed=3))
    return torch.from_numpy(store.frames(range(16)))


def test_the_network_recognizes_a_palace(network):
    images = pytest.importorskip("sklearn.datasets").load_sample_images().images
    picture = torch.tensor(images[0])[:, 106:533].permute(2, 0, 1)[None].float()
    picture = functional.interpolate(picture, (224, 224), mode="bilinear", antialias=True)
    published = torch.load(_package_weights(), weights_only=True)
    logits = network(picture) @ published["_fc.weight"].T + published["_fc.bias"]
    assert logits.argmax() == PALACE


def test_batches_do_not_matter(features, digits):
    whole = features([digits[:4]])
    parts = features([digits[:1], digits[1:4]])
    torch.testing.assert_close(whole, parts, atol=1e-3, rtol=1e-3)
    assert whole.shape == (4, 128)


def test_still_clips_have_no_changes(features, digits):
    still = digits[:2, :1].expand(-1, 5, -1, -1, -1)
    assert features([still])[:, 64:].abs().max() < 1e-4


def test_clips_that_cannot_be_compared(features, digits):
    with pytest.raises(UserError, match="2 frames"):
        features([digits[:, :1]])
    with pytest.raises(UserError, match="at least one"):
        features([])


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "weights.pt"
    torch.save({"_conv_stem.weight": torch.zeros(3)}, path)
    with pytest.raises(UserError, match="lacks"):
        ImageNetwork(path)


def noisy(clips, level):
    noise = np.random.default_rng(0).normal(0, 60 * level, clips.shape)
    return (clips.numpy() + noise).clip(0, 255).astype(np.uint8)


def blurred(clips, level):
    frames = clips.flatten(0, 1).permute(0, 3, 1, 2).float()
    small = functional.interpolate(frames, scale_factor=1 / (1 + 2 * level), mode="area")
    back = functional.interpolate(small, frames.shape[2:], mode="bilinear")
    return back.permute(0, 2, 3, 1).view(clips.shape).to(torch.uint8)


def blended(clips, level):
    other = clips.roll(1, dims=0).float()
    return (clips * (1 - level / 4) + other * level / 4).to(torch.uint8)


def of_few_kinds(clips, level):
    return clips[: len(clips) // (1 + 3 * level)].repeat(1 + 3 * level, 1, 1, 1, 1)


def frozen(clips, level):
    stop = clips.shape[1] // (1 + 3 * level)
    times = torch.arange(clips.shape[1]).clamp(max=stop)
    return clips[:, times]


def shuffled(clips, level):
    times = np.arange(clips.shape[1])
    noise = np.random.default_rng(0).normal(0, 3 * level, len(times))
    return clips[:, torch.from_numpy((times + noise).argsort())]


def shaken(clips, level):
    moves = np.random.default_rng(0).integers(-4 * level, 4 * level + 1, (clips.shape[1], 2))
    return torch.stack(
        [clips[:, t].roll(tuple(move), dims=(1, 2)) for t, move in enumerate(moves.tolist())], dim=1
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    "damage", [noisy, blurred, blended, of_few_kinds, frozen, shuffled, shaken]
)
def test_the_distance_grows_with_damage(features, digits, damage):
    real = features([digits])
    little, much = (
        frechet_distance(real, features([torch.as_tensor(damage(digits, level))]))
        for level in (1, 2)
    )
    assert 0.01 < little < much
