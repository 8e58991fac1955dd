import dataclasses

import pytest

from videospace.clips.prepare_config import PrepareConfig
from videospace.runtime.errors import UserError


@pytest.mark.parametrize(
    ("holdout", "num_sources", "expected"),
    [
        (0.0, 5, 0),
        (0.1, 100, 10),
        (0.01, 5, 1),
        (0.5, 3, 2),
        (1.0, 5, 1),
        (10.0, 100, 10),
        (0, 0, 0),
    ],
)
def test_holdout_is_a_share_or_a_number_of_sources(holdout, num_sources, expected):
    assert PrepareConfig(holdout=holdout).num_held_out(num_sources) == expected


@pytest.mark.parametrize(("holdout", "num_sources"), [(0.1, 1), (3.0, 3), (0.9, 3)])
def test_holdout_leaves_something_to_train_on(holdout, num_sources):
    with pytest.raises(UserError, match=f"got {num_sources}"):
        PrepareConfig(holdout=holdout).num_held_out(num_sources)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_frames": 0}, "num_frames of at least 1"),
        ({"every": 0}, "every of at least 1"),
        ({"stride": 0}, "stride of at least 1"),
        ({"workers": -1}, "workers of at least 1"),
        ({"max_clips": 0}, "max_clips of at least 1"),
        ({"holdout": -0.1}, "holdout"),
        ({"holdout": 2.5}, "holdout"),
        ({"holdout": float("nan")}, "holdout"),
        ({"frame_folder_fps": 0.0}, "frame_folder_fps"),
        ({"size": "small"}, "a size"),
        ({"crop": "middle"}, "a crop"),
    ],
)
def test_bad_settings(changes, message):
    with pytest.raises(UserError, match=message):
        PrepareConfig(**changes)


@pytest.mark.parametrize(
    "changes", [{"num_frames": 9}, {"size": "32"}, {"crop": "0,0,8,8"}, {"every": 2}]
)
def test_keys_follow_what_the_pixels_depend_on(changes):
    config = PrepareConfig()
    changed = dataclasses.replace(config, **changes)
    assert changed.clip_key("a") != config.clip_key("a")
    assert changed.cut_key("a") != config.cut_key("a")
    assert config.clip_key("a") != config.clip_key("b")


def test_which_clips_are_cut_does_not_change_their_ids():
    config = PrepareConfig()
    for changes in ({"stride": 5}, {"max_clips_per_source": 2}):
        changed = dataclasses.replace(config, **changes)
        assert changed.clip_key("a") == config.clip_key("a")
        assert changed.cut_key("a") != config.cut_key("a")
    other_run = dataclasses.replace(config, workers=3, holdout=2.0, max_clips=7, max_sources=3)
    assert other_run.cut_key("a") == config.cut_key("a")
    assert config.clip_key("a") == PrepareConfig(size="64x64", stride=25).clip_key("a")


def test_ids_are_those_of_version_0_1():
    assert PrepareConfig().clip_key("films/a.mp4") == "bb97da0804"
    with pytest.warns(FutureWarning, match="center"):
        assert PrepareConfig(crop="centre") == PrepareConfig()
