import dataclasses
import json
import shutil
import subprocess

import pytest
import torch

from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import OptimizerConfig
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.state import STATE_FILE
from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.errors import UserError

EACH_STEP = TrainingOptions(progress=False, log_every=1, checkpoint_seconds=-1.0)


class TestNotFinite:
    @pytest.fixture
    def broken_pixels(self, monkeypatch):
        """Clip 2 gives NaN from the tenth look at it on."""
        colors, looks = TrainingClips.colors, []

        def broken(self, clips, points):
            result = colors(self, clips, points)
            if (clips == 2).any():
                looks.append(1)
                if len(looks) >= 10:
                    result[clips == 2] = torch.nan
            return result

        monkeypatch.setattr(TrainingClips, "colors", broken)

    def test_the_clips_are_named_and_the_last_save_is_kept(
        self, store, tmp_path, make_config, broken_pixels
    ):
        saved = []

        def watch(state):
            saved.append(state.progress.step)

        message = r"not finite.* toy-2: "
        with pytest.raises(UserError, match=message):
            train(store, tmp_path / "space", make_config(40), EACH_STEP, watch)
        assert 9 < saved[-1] < 40
        space = VideoSpace.from_pretrained(tmp_path / "space")
        assert space.latents.isfinite().all()
        tensors, _ = load_tensors(tmp_path / "space" / STATE_FILE)
        assert all(value.isfinite().all() for value in tensors.values())
        assert int(tensors["code_adam.steps"][2]) == 9

    def test_a_learning_rate_far_too_high(self, store, tmp_path, make_config):
        optimizer = OptimizerConfig(learning_rate=1e30, warmup_steps=0)
        with pytest.raises(UserError, match=r"not finite.*(toy-\d|hypernetwork)"):
            train(store, tmp_path / "space", make_config(optimizer=optimizer), EACH_STEP)

    def test_weights_that_went_wrong_are_not_saved(self, store, tmp_path, make_config):
        def poison(state):
            if state.progress.step == 24:
                with torch.no_grad():
                    next(state.model.parameters()).fill_(torch.nan)

        message = r"step 24, model\."
        with pytest.raises(UserError, match=message):
            train(store, tmp_path / "space", make_config(), EACH_STEP, poison)
        _, notes = load_tensors(tmp_path / "space" / STATE_FILE)
        assert json.loads(notes["progress"])["step"] == 23
        assert VideoSpace.from_pretrained(tmp_path / "space").latents.isfinite().all()

    def test_many_clips_are_counted(self, store, tmp_path, make_config, monkeypatch):
        monkeypatch.setattr(TrainingClips, "colors", lambda *_: torch.full((5, 16, 3), torch.nan))
        batch = dataclasses.replace(make_config().batch, num_clips=5)
        with pytest.raises(UserError, match=r"(toy-\d, ){4}toy-\d"):
            train(store, tmp_path / "space", make_config(batch=batch), EACH_STEP)

    @pytest.mark.parametrize(("num_clips", "start"), [(1, "gaussian"), (3, "pca")])
    def test_a_regularizer_without_spread_says_so(
        self, tmp_path, make_store, make_config, num_clips, start
    ):
        store = make_store(tmp_path / "few", num_clips)
        config = make_config(gaussian_weight=1.0, code_init=CodeInitConfig(method=start))
        message = "Gaussian regularizer"
        with pytest.raises(UserError, match=message):
            train(store, tmp_path / "space", config, EACH_STEP)


class TestStore:
    @pytest.mark.parametrize("num_held_out", [0, 2])
    def test_without_clips_to_train_on(self, tmp_path, make_store, make_config, num_held_out):
        store = make_store(tmp_path / "store", num_held_out, holdout=num_held_out)
        message = "expected clips to train on"
        with pytest.raises(UserError, match=message):
            train(store, tmp_path / "space", make_config())
        assert not (tmp_path / "space").exists()

    def test_that_is_none(self, tmp_path, make_config):
        with pytest.raises(UserError, match="clip store"):
            train(tmp_path / "nothing", tmp_path / "space", make_config())


class TestDisk:
    def test_a_file_is_in_the_way(self, store, tmp_path, make_config):
        (tmp_path / "file").write_text("mine")
        for target in (tmp_path / "file", tmp_path / "file" / "space"):
            message = "cannot write"
            with pytest.raises(UserError, match=message):
                train(store, target, make_config())

    def test_a_device_that_is_not_there(self, store, tmp_path, make_config):
        with pytest.raises(UserError, match="xpu:7"):
            train(store, tmp_path / "s", make_config(), TrainingOptions(device="xpu:7"))

    @pytest.mark.smallfs
    def test_a_read_only_disk(self, store, small_disk, make_config):
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        with pytest.raises(UserError, match="Read-only"):
            train(store, small_disk / "space", make_config())

    @pytest.mark.smallfs
    @pytest.mark.parametrize("room", [0, 4096, 20_000])
    def test_a_full_disk_keeps_the_earlier_save(
        self, store, tmp_path, small_disk, make_config, room
    ):
        """The disk fills up after the third save; later there is room again."""
        train(store, tmp_path / "whole", make_config(), EACH_STEP)
        filler, out = small_disk / "filler", small_disk / "space"

        def fill(state):
            if state.progress.step == 4:
                free = shutil.disk_usage(small_disk).free
                filler.write_bytes(b"x" * max(0, free - room))

        options = dataclasses.replace(EACH_STEP, log_every=1000)
        with pytest.raises(UserError, match="No space left"):
            train(store, out, make_config(), options, fill)
        assert VideoSpace.from_pretrained(out).ids == store.ids
        assert not list(out.glob(".*.part*"))
        filler.unlink()
        train(store, out, make_config(), options)
        ends = [load_tensors(folder / STATE_FILE)[0] for folder in (tmp_path / "whole", out)]
        assert all(torch.equal(value, ends[1][name]) for name, value in ends[0].items())
        spaces = [VideoSpace.from_pretrained(folder) for folder in (tmp_path / "whole", out)]
        assert spaces[0].fingerprint() == spaces[1].fingerprint()
