"""A flow on the latents of a space."""

import dataclasses
from itertools import count
from types import SimpleNamespace

import pytest
import torch
from tests.support.toy_spaces import CONSTANT, KEYFRAMES, TRACKS

from videospace.inrv.generation import flow_training
from videospace.inrv.generation.flow_training import FEWEST_CLIPS, FlowTrainingConfig, train_flow
from videospace.inrv.model.latent_flow import FlowConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.model.tracks import join_latents, split_latents
from videospace.runtime.errors import UserError

SMALL = FlowConfig(hidden_width=32, num_layers=2, num_heads=2)
LATENTS = {
    "one keyframe": LatentConfig(width=6),
    "three keyframes": KEYFRAMES,
    "constant part": CONSTANT,
    "tracks": TRACKS,
}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """One second for each look at the clock, which is one for each step."""
    clock = SimpleNamespace(monotonic=count(0.0, 1.0).__next__)
    monkeypatch.setattr(flow_training, "time", clock)


def training(num_steps: int, **changes) -> FlowTrainingConfig:
    return FlowTrainingConfig(
        **{"budget_seconds": float(num_steps), "learning_rate": 3e-3, "flow": SMALL, **changes}
    )


@pytest.fixture(params=LATENTS)
def space(request, make_space, make_model):
    """A space of clips of two kinds, as different as latents can be."""
    space = make_space(num_clips=60, model=make_model(latent=LATENTS[request.param]))
    kinds = torch.randn(2, space.latents.shape[1], generator=torch.Generator().manual_seed(1))
    noise = torch.randn(space.latents.shape, generator=torch.Generator().manual_seed(2))
    space.latents = kinds.repeat(30, 1) + 0.05 * noise
    return space


def of_a_kind(space, latents) -> tuple[float, int]:
    """The fraction of latents that are like one of both kinds, and how many are nearer the first.

    The order of tracks has no meaning.
    """
    config = space.model.config.latent
    clips = space.flow.scaled(space.latents)
    kinds = torch.stack([clips[0::2].mean(dim=0), clips[1::2].mean(dim=0)])
    parts = split_latents(latents, config)
    turned = join_latents(parts._replace(looks=parts.looks.flip(1), paths=parts.paths.flip(1)))
    distances = torch.minimum(torch.cdist(latents, kinds), torch.cdist(turned, kinds))
    nearest = distances.min(dim=1)
    is_like = nearest.values < 0.3 * torch.dist(*kinds)
    return is_like.float().mean().item(), int((nearest.indices == 0).sum())


def test_samples_are_of_the_kinds_of_the_clips(space):
    report = train_flow(space, training(400), progress=False)
    assert report.explained > 0.5
    fraction, num_first = of_a_kind(space, space.sample(100, method="flow"))
    assert fraction > 0.8
    assert 20 < num_first < 80
    # A Gaussian fills what is between the kinds.
    gaussian = space.flow.scaled(space.sample(100, method="gaussian"))
    assert of_a_kind(space, gaussian)[0] < 0.8


def test_samples_can_resemble_a_clip(space):
    train_flow(space, training(400), progress=False)
    kinds = space.flow.scaled(space.latents[:2])
    for row, name in enumerate(space.ids[:2]):
        alike = space.sample(20, method="flow", like=name, likeness=0.9)
        nearest = torch.cdist(alike, kinds).argmin(dim=1)
        assert (nearest == row).float().mean() > 0.9
    assert torch.equal(
        alike, space.sample(20, method="flow", like=space.latent(name), likeness=0.9)
    )


def test_the_space_itself_stays_as_it_is(space):
    before, latents = space.fingerprint(), space.latents.clone()
    train_flow(space, training(3), progress=False)
    assert space.fingerprint() == before
    assert torch.equal(space.latents, latents)
    assert not space.flow.training
    assert not any(weight.requires_grad for weight in space.flow.parameters())


def test_the_order_of_tracks_has_no_meaning(make_space, make_model):
    space = make_space(num_clips=30, model=make_model(latent=TRACKS))
    train_flow(space, training(100), progress=False)
    values, times = torch.randn(3, TRACKS.total_width), torch.full((3,), 0.5)
    content, tracks = values.split([TRACKS.content_width, TRACKS.tracks_width], dim=1)
    turned = tracks.unflatten(1, (2, -1)).flip(1).flatten(1)
    one, other = (
        split_latents(space.flow(torch.cat([content, given], dim=1), times), TRACKS)
        for given in (tracks, turned)
    )
    torch.testing.assert_close(one.content, other.content)
    torch.testing.assert_close(one.looks, other.looks.flip(1))
    torch.testing.assert_close(one.paths, other.paths.flip(1))


class TestTraining:
    @pytest.fixture
    def space(self, make_space, keyframes_model):
        return make_space(num_clips=40, model=keyframes_model)

    def test_it_ends_when_held_out_latents_are_predicted_no_better(self, space):
        noise = torch.Generator().manual_seed(3)
        space.latents = torch.randn(space.latents.shape, generator=noise)  # nothing to learn
        report = train_flow(space, training(3_000, patience=3), progress=False)
        assert report.steps < 2_000
        assert report.steps - report.best_step >= 150

    def test_the_same_seed_gives_the_same_flow(self, space):
        drawn = []
        for seed in (0, 0, 1):
            train_flow(space, training(20, seed=seed), progress=False)
            drawn.append(space.sample(2, method="flow"))
        assert torch.equal(drawn[0], drawn[1])
        assert not torch.equal(drawn[0], drawn[2])

    def test_an_interrupt_leaves_the_old_flow(self, space, monkeypatch):
        train_flow(space, training(3), progress=False)
        before = space.flow

        def interrupted(*_, **__):
            raise KeyboardInterrupt

        monkeypatch.setattr(flow_training, "learning_rate_factor", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_flow(space, training(3), progress=False)
        assert space.flow is before

    def test_a_rate_that_is_too_high_is_named(self, space):
        with pytest.raises(UserError, match="learning_rate"):
            train_flow(space, training(200, learning_rate=1e30), progress=False)
        assert space.flow is None

    def test_clips_that_are_all_the_same(self, space):
        space.latents = space.latents[:1].expand(40, -1).clone()
        train_flow(space, training(60), progress=False)
        assert torch.isfinite(space.sample(3, method="flow")).all()

    def test_too_few_clips(self, make_space):
        with pytest.raises(UserError, match="'slerp' or 'gaussian'"):
            train_flow(make_space(num_clips=FEWEST_CLIPS - 1), training(3), progress=False)

    @pytest.mark.parametrize(
        "changes",
        [
            {"budget_seconds": 0.0},
            {"patience": 0},
            {"latents_per_step": 0},
            {"noise": -1.0},
            {"average_decay": 1.0},
            {"heldout_fraction": 0.0},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_settings_out_of_range(self, changes):
        with pytest.raises(UserError, match=next(iter(changes))):
            dataclasses.replace(FlowTrainingConfig(), **changes)

    def test_heads_divide_the_width(self):
        with pytest.raises(UserError, match="multiple"):
            FlowConfig(hidden_width=30, num_heads=4)


class TestSampling:
    def test_without_a_flow(self, make_space):
        space = make_space(num_clips=3)
        with pytest.raises(UserError, match="videospace prior"):
            space.sample(2, method="flow")
        with pytest.raises(UserError, match="only the method 'flow'"):
            space.sample(2, like=space.ids[0])
        with pytest.raises(UserError, match="only the method 'flow'"):
            space.sample(2, truncation=0.5)

    @pytest.mark.parametrize(
        "options", [{"steps": 0}, {"truncation": 0.0}, {"truncation": 2.0}, {"likeness": 1.0}]
    )
    def test_numbers_out_of_range(self, options, make_space, keyframes_model):
        space = make_space(num_clips=30, model=keyframes_model)
        train_flow(space, training(1), progress=False)
        with pytest.raises(UserError, match="got"):
            space.sample(2, method="flow", **options)
        with pytest.raises(UserError, match="no clip"):
            space.sample(2, method="flow", like="nobody")
        with pytest.raises(UserError, match="only the method 'flow'"):
            space.sample(2, method="slerp", like=space.ids[0])

    def test_a_smaller_noise_gives_more_usual_samples(self, make_space, keyframes_model):
        space = make_space(num_clips=40, model=keyframes_model)
        train_flow(space, training(100), progress=False)
        spreads = [
            space.sample(60, method="flow", truncation=truncation).std(dim=0).mean()
            for truncation in (1.0, 0.5)
        ]
        assert spreads[1] < 0.8 * spreads[0]
