"""No two purposes of a run draw from the same random stream."""

import collections
import dataclasses
import sys

import pytest

from videospace.inrv.inversion import tasks
from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
from videospace.inrv.inversion.inversion import InversionConfig, invert
from videospace.inrv.inversion.single_inr import SingleInrConfig, fit_single_inrs
from videospace.inrv.model.encoder import EncoderConfig
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training import code_init, data
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.runtime import random

AGAIN = {"clip order", "best restart", "reported error"}
"""Streams that are drawn from again on purpose: a step announces the next batch, and all batches
of contexts are judged on equal terms."""


@pytest.fixture
def streams(monkeypatch):
    """The initial seeds of all streams that a test draws from, by (place in the code, stream)."""
    original, found = random.random_stream, collections.defaultdict(list)

    def recorded(seed, name, *position):
        generator = original(seed, name, *position)
        frame = sys._getframe(1)
        if frame.f_code.co_name == "global_random_stream":
            frame = sys._getframe(3)  # two frames of contextlib's lie between
        place = (frame.f_code.co_filename, frame.f_lineno)
        found[place, (seed, name, *position)].append(generator.initial_seed())
        return generator

    for module in list(sys.modules.values()):
        if getattr(module, "random_stream", None) is original:
            monkeypatch.setattr(module, "random_stream", recorded)
    data._epoch_order.cache_clear()
    return found


def test_every_stream_has_one_purpose(streams, store, tmp_path, semantic_config, monkeypatch):
    monkeypatch.setattr(code_init, "MAX_LANDMARKS", 4)
    quiet = TrainingOptions(progress=False)
    isomap = CodeInitConfig(method="isomap", num_neighbors=2)
    for name, code in (("gaussian", semantic_config.code_init), ("isomap", isomap)):
        config = dataclasses.replace(
            semantic_config, curriculum=True, curriculum_threshold=9.0, code_init=code, seed=3
        )
        streams.clear()
        train(store, tmp_path / name, config, quiet)
        names = {stream[1] for _, stream in streams}
        used = {"clip order", "curriculum", "dropout", "points", "weights"}
        assert used | ({"codes"} if name == "gaussian" else {"landmarks"}) <= names
        assert_one_purpose(streams)
    space = VideoSpace.from_pretrained(tmp_path / "isomap")
    streams.clear()
    contexts = [tasks.everything(clip) for clip in store.frames([0, 1, 2])]
    invert(space, contexts, InversionConfig(max_steps=2, samples=8, restarts=2))
    fit_single_inrs(space.model, contexts, (6, 8), SingleInrConfig(max_steps=2))
    small = EncoderConfig(side=8, num_channels=8, hidden_width=16)
    train_encoder(
        space, store, EncoderTrainingConfig(budget_seconds=0.01, encoder=small), progress=False
    )
    space.sample(2)
    assert len({stream[1] for _, stream in streams}) >= 7
    assert_one_purpose(streams)


def assert_one_purpose(streams):
    places = collections.defaultdict(set)
    for (place, (_, name, *_)), seeds in streams.items():
        places[name].add(place)
        assert len(seeds) == 1 or name in AGAIN, name
    assert all(len(found) == 1 for found in places.values()), places
    seeds = collections.defaultdict(set)
    for (_, stream), found in streams.items():
        seeds[found[0]].add(stream)
    assert all(len(found) == 1 for found in seeds.values()), seeds
