"""A run that is interrupted and resumed is bitwise equal to an uninterrupted one."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tests.support.toy_spaces import TRACKS, changed_model

from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training import loop as training
from videospace.inrv.training import state as training_save
from videospace.inrv.training.config import OptimizerConfig
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.state import STATE_FILE
from videospace.runtime.checkpoint import load_tensors
from videospace.runtime.errors import UserError
from videospace.runtime.log import read_metrics

QUIET = TrainingOptions(progress=False, log_every=1)
SPACE_FILES = ["README.md", "codes.safetensors", "config.json", "model.safetensors"]


def run(store, out, config, on_step=None, **options):
    return train(store, out, config, dataclasses.replace(QUIET, **options), on_step)


def assert_same_end(folder, other):
    """All but the time that it took."""
    (state, notes), (other_state, other_notes) = (
        load_tensors(path / STATE_FILE) for path in (folder, other)
    )
    assert state.keys() == other_state.keys()
    for name, value in state.items():
        assert torch.equal(value, other_state[name]), name
    progress, other_progress = (json.loads(n.pop("progress")) for n in (notes, other_notes))
    progress.pop("seconds"), other_progress.pop("seconds")
    assert (progress, notes) == (other_progress, other_notes)
    for name in SPACE_FILES:
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name
    lines = []
    for records in (read_metrics(folder), read_metrics(other)):
        lines.append([{k: v for k, v in r.items() if k != "seconds"} for r in records])
    assert lines[0] == lines[1]


def with_optimizer(config, **changes):
    return dataclasses.replace(config, optimizer=dataclasses.replace(config.optimizer, **changes))


@pytest.fixture(params=["plain", "curriculum", "semantic", "keyframes", "tracks", "muon"])
def config(request, make_config, semantic_config, keyframes_model):
    if request.param == "semantic":
        return semantic_config
    if request.param == "keyframes":
        return make_config(model=keyframes_model)
    if request.param == "tracks":
        return make_config(model=changed_model(latent=TRACKS))
    if request.param == "muon":
        return with_optimizer(make_config(), kind="muon")
    return make_config(curriculum=request.param == "curriculum", curriculum_threshold=0.3)


class TestStopInGoodOrder:
    @pytest.mark.parametrize("steps", [[1], [7], [3, 4, 11, 23]])
    def test_after_any_step(self, store, tmp_path, config, steps):
        run(store, tmp_path / "whole", config)
        for stop_at in steps:

            def stop(state, stop_at=stop_at):
                if state.progress.step == stop_at:
                    os.kill(os.getpid(), signal.SIGINT)

            report = run(store, tmp_path / "cut", config, stop)
            assert (report.finished, report.step) == (False, stop_at)
        assert run(store, tmp_path / "cut", config).finished
        assert_same_end(tmp_path / "whole", tmp_path / "cut")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_before_the_first_step(self, store, tmp_path, config, monkeypatch, number):
        run(store, tmp_path / "whole", config)

        class Interrupted(training.TrainingClips):
            def __init__(self, *arguments):
                os.kill(os.getpid(), number)
                super().__init__(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(training, "TrainingClips", Interrupted)
            report = run(store, tmp_path / "cut", config)
        assert (report.finished, report.step) == (False, 0)
        assert VideoSpace.from_pretrained(tmp_path / "cut").ids == store.ids
        run(store, tmp_path / "cut", config)
        assert_same_end(tmp_path / "whole", tmp_path / "cut")

    def test_in_the_middle_of_a_save(self, store, tmp_path, config, monkeypatch):
        run(store, tmp_path / "whole", config)
        save, calls = training.save_training, []

        def interrupted(*arguments):
            calls.append(1)
            if len(calls) == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            save(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(training, "save_training", interrupted)
            report = run(store, tmp_path / "cut", config, checkpoint_seconds=-1.0)
        assert (report.finished, report.step) == (False, 1)
        run(store, tmp_path / "cut", config)
        assert_same_end(tmp_path / "whole", tmp_path / "cut")

    def test_by_a_time_budget(self, store, tmp_path, config):
        constant = OptimizerConfig(schedule="constant")  # a cosine would end with the budget
        config = dataclasses.replace(config, optimizer=constant)
        num_steps = run(store, tmp_path / "whole", config).step
        report = run(store, tmp_path / "cut", config, time_budget_seconds=1e-9)
        assert (report.finished, report.step) == (True, 1)
        budget = report.seconds * 2.5
        later = run(store, tmp_path / "cut", config, time_budget_seconds=budget)
        assert later.step > 1
        assert run(store, tmp_path / "cut", config).step == num_steps
        assert_same_end(tmp_path / "whole", tmp_path / "cut")

    def test_a_finished_run_stays_as_it_is(self, store, tmp_path, config):
        reports = [run(store, tmp_path / name, config) for name in ("once", "twice", "twice")]
        assert all(report.finished for report in reports)
        assert reports[0].step == reports[1].step == reports[2].step >= 24
        assert reports[2].seconds == reports[1].seconds
        assert_same_end(tmp_path / "once", tmp_path / "twice")

    def test_the_old_handlers_are_back(self, store, tmp_path, make_config):
        before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
        run(store, tmp_path / "space", make_config(2))
        assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before

    def test_a_second_interrupt_is_obeyed_and_loses_only_what_was_not_saved(
        self, store, tmp_path, config
    ):
        run(store, tmp_path / "whole", config)

        def insist(state):
            if state.progress.step == 5:
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            run(store, tmp_path / "cut", config, insist, checkpoint_seconds=-1.0)
        _, notes = load_tensors(tmp_path / "cut" / STATE_FILE)
        assert json.loads(notes["progress"])["step"] == 4
        run(store, tmp_path / "cut", config)
        assert_same_end(tmp_path / "whole", tmp_path / "cut")


class TestCutOffSave:
    """Renames of a save: the state, the weights, the codes, config.json, the card."""

    @pytest.mark.parametrize("write", range(5))
    def test_the_space_before_it_stays_readable(
        self, store, tmp_path, make_config, monkeypatch, write
    ):
        config = make_config()
        run(store, tmp_path / "whole", config)
        run(store, tmp_path / "cut", config, lambda s: s.progress.step == 6 and stop_now())
        before = VideoSpace.from_pretrained(tmp_path / "cut")
        replace, save, renames = os.replace, training_save.save_training, []

        def interrupted(source, target):
            renames.append(Path(target).name)
            if len(renames) == write + 1:
                raise KeyboardInterrupt
            replace(source, target)

        def cut_off(*arguments):
            monkeypatch.setattr(os, "replace", interrupted)
            save(*arguments)

        with monkeypatch.context() as patched:
            patched.setattr(training, "save_training", cut_off)
            with pytest.raises(KeyboardInterrupt):
                run(store, tmp_path / "cut", config)
        monkeypatch.setattr(os, "replace", replace)
        assert len(renames) == write + 1
        assert renames[0] == STATE_FILE
        space = VideoSpace.from_pretrained(tmp_path / "cut")
        assert (space.fingerprint() == before.fingerprint()) == (write < 3)
        assert torch.equal(space.latents, before.latents) == (write < 3)
        run(store, tmp_path / "cut", config)
        assert_same_end(tmp_path / "whole", tmp_path / "cut")


def stop_now():
    os.kill(os.getpid(), signal.SIGINT)


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
import torch
torch.set_num_threads(1)  # or a fork could wait for threads that it has not got
sys.path.insert(0, sys.argv[1])
from tests.support.toy_spaces import SEMANTIC, changed_model, toy_config
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.loop import TrainingOptions, train

out, store = Path(sys.argv[2]), sys.argv[3]
config = toy_config(14, model=changed_model(latent=SEMANTIC))
options = TrainingOptions(progress=False, log_every=1, checkpoint_seconds=0.0)
random.seed(7)


def fork(folder, steps=None, permits=None):
    child = os.fork()
    if not child:
        def wait_for_permit(_):
            if steps:
                os.write(steps, b".")
                os.read(permits, 1)
        train(store, folder, config, options, wait_for_permit)
        os._exit(0)
    return child


assert os.waitpid(fork(out / "whole"), 0)[1] == 0
kills, finished, readable = 0, False, 0
while not finished:
    (steps, step), (permits, permit) = os.pipe(), os.pipe()
    child = fork(out / "cut", step, permits)
    os.close(step)
    for _ in range(random.randint(2, 5)):  # so that each kill leaves some steps behind
        if os.read(steps, 1):  # else it is done
            os.write(permit, b".")
    time.sleep(random.uniform(0.0, 0.01))  # the kill falls into a save, or a step, or neither
    os.kill(child, signal.SIGKILL)
    finished = os.waitpid(child, 0)[1] == 0
    for end in (steps, permits, permit):
        os.close(end)
    kills += not finished
    if (out / "cut" / "config.json").exists():
        VideoSpace.from_pretrained(out / "cut")
        readable += 1
print(kills, readable)
"""


def test_killed_at_any_moment(store, tmp_path):
    """Each step is saved, so that many of the kills fall into a save."""
    done = subprocess.run(
        [sys.executable, "-c", KILLS, Path(__file__).parents[3], tmp_path, store.folder],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    kills, readable = map(int, done.stdout.split())
    assert kills >= 2
    assert readable >= 1
    assert_same_end(tmp_path / "whole", tmp_path / "cut")
    assert not list((tmp_path / "cut").glob(".*.part*"))


class TestRefusal:
    @pytest.fixture
    def begun(self, store, tmp_path, make_config):
        """A folder with a training of 3 steps."""
        run(store, tmp_path / "space", make_config(), lambda s: s.progress.step == 3 and stop_now())
        return tmp_path / "space"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"seed": 1}, r"other settings \(seed was 0, now 1\): repeat its settings to resume"),
            (
                {"optimizer": OptimizerConfig(learning_rate=0.5, warmup_steps=4)},
                r"\(optimizer.learning_rate was 0.003, now 0.5; optimizer.average_decay was 0.9",
            ),
            (
                {"seed": 1, "loss": "absolute"},
                r"\(loss was squared, now absolute; seed was 0, now 1\)",
            ),
        ],
    )
    def test_other_settings(self, store, begun, make_config, changes, message):
        with pytest.raises(UserError, match=message):
            run(store, begun, make_config(**changes))
        assert run(store, begun, make_config()).finished

    def test_another_model(self, store, begun, make_config, make_model):
        model = make_model()
        model = dataclasses.replace(model, inr=dataclasses.replace(model.inr, hidden_width=9))
        with pytest.raises(UserError, match="hidden_width was 8"):
            run(store, begun, make_config(model=model))

    def test_another_number_of_keyframes(self, store, begun, make_config, keyframes_model):
        with pytest.raises(UserError, match="num_keyframes was 1"):
            run(store, begun, make_config(model=keyframes_model))

    def test_other_clips(self, begun, tmp_path, make_store, make_config):
        for name, other in (
            ("more", make_store(tmp_path / "more", num_clips=6)),
            ("size", make_store(tmp_path / "size", size=(4, 8, 6))),
        ):
            with pytest.raises(UserError, match="other clips"):
                run(other, begun, make_config())
            assert name

    def test_clips_that_are_held_out_may_come_later(self, begun, tmp_path, make_store, make_config):
        grown = make_store(tmp_path / "grown", num_clips=7, holdout=2)
        assert run(grown, begun, make_config()).finished

    def test_two_trainings_in_one_folder(self, store, tmp_path, make_config):
        messages = []

        def second(state):
            if state.progress.step == 2:
                with pytest.raises(UserError) as caught:
                    run(store, tmp_path / "space", make_config())
                messages.append(str(caught.value))

        assert run(store, tmp_path / "space", make_config(), second).finished
        assert len(messages) == 1
        assert "another process" in messages[0]

    @pytest.mark.parametrize("name", ["README.md", "config.json", "model.safetensors"])
    def test_files_of_somebody_else_are_not_written_over(self, store, tmp_path, make_config, name):
        (tmp_path / "project").mkdir()
        (tmp_path / "project" / name).write_text("mine")
        with pytest.raises(UserError, match=name):
            run(store, tmp_path / "project", make_config())
        assert (tmp_path / "project" / name).read_text() == "mine"

    @pytest.mark.parametrize("fraction", [0.0, 0.5, 0.99])
    def test_a_state_that_was_cut_short(self, store, begun, make_config, fraction):
        path = begun / STATE_FILE
        path.write_bytes(path.read_bytes()[: int(fraction * path.stat().st_size)])
        with pytest.raises(UserError, match="damaged"):
            run(store, begun, make_config())

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda tensors, _: tensors.pop("codes"), "codes"),
            (
                lambda tensors, _: tensors.update(codes=torch.zeros(5, 1)),
                "codes",
            ),
            (
                lambda tensors, _: tensors.update(codes=torch.zeros(5, 6).double()),
                "codes",
            ),
            (lambda _, notes: notes.pop("progress"), "progress"),
            (lambda _, notes: notes.clear(), "config"),
            (
                lambda _, notes: notes.update(progress='{"step": 3}'),
                "gradient_norm",
            ),
        ],
    )
    def test_a_state_that_was_edited(self, store, begun, make_config, edit, message):
        from safetensors.torch import save_file

        tensors, notes = load_tensors(begun / STATE_FILE)
        edit(tensors, notes)
        save_file(tensors, begun / STATE_FILE, notes)
        with pytest.raises(UserError, match=message):
            run(store, begun, make_config())
