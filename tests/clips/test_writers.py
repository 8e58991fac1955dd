"""One writer at a time, and scripts without a guard."""

import importlib
import multiprocessing
import subprocess
import sys

import numpy as np
import pytest

from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.clips.store.clip_store import ClipRecord, ClipStore
from videospace.clips.store.writer import StoreWriter
from videospace.clips.synthetic.bouncing_ball import BouncingBallConfig
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock

prepare_module = importlib.import_module("videospace.clips.prepare")

BALL = BouncingBallConfig(num_clips=3, num_frames=2, size="20")


@pytest.fixture
def films(tmp_path, monkeypatch, make_video, make_levels):
    """Six films of a clip each in ./films."""
    monkeypatch.chdir(tmp_path)
    for name in "abcdef":
        make_video(tmp_path / "films" / f"{name}.mkv", make_levels(4))
    return tmp_path


def config(**changes):
    return PrepareConfig(**{"num_frames": 4, "size": "8", "workers": 1, **changes})


class TestOneWriter:
    def test_a_second_preparation_is_refused_while_the_first_runs(self, films, monkeypatch):
        messages, add = [], StoreWriter.add

        def meanwhile(self, *arguments):
            if not messages:
                for sources, settings in ((["films"], config()), (["bouncing-ball"], BALL)):
                    with pytest.raises(UserError) as caught:
                        prepare(sources, "store", settings)
                    messages.append(str(caught.value))
            add(self, *arguments)

        monkeypatch.setattr(StoreWriter, "add", meanwhile)
        assert prepare(["films"], "store", config()).num_added == 6
        assert all("another process" in message for message in messages)
        assert len(messages) == 2
        assert len(ClipStore.open("store")) == 6

    def test_a_synthetic_set_locks_its_folder_too(self, films, monkeypatch):
        write, messages = prepare_module.write_bouncing_ball, []

        def meanwhile(*arguments):
            with pytest.raises(UserError) as caught:
                prepare(["films"], "store", config())
            messages.append(str(caught.value))
            return write(*arguments)

        monkeypatch.setattr(prepare_module, "write_bouncing_ball", meanwhile)
        assert prepare(["bouncing-ball"], "store", BALL).num_added == 3
        assert "another process" in messages[0]

    def test_an_append_from_elsewhere_is_refused_in_the_middle_of_another(self, tmp_path):
        store = ClipStore.create(tmp_path / "store", num_frames=1, height=2, width=2)
        record = ClipRecord(id="a", source="a", first_frame=0, fps=25.0, split="train")
        pixels = np.zeros((1, 2, 2, 3), np.uint8)
        with (
            folder_lock(store.folder, ".append.lock"),
            pytest.raises(UserError, match="another process"),
        ):
            store.append([(record, pixels)])
        assert len(ClipStore.open(store.folder)) == 0
        store.append([(record, pixels)])
        assert len(ClipStore.open(store.folder)) == 1

    def test_nothing_is_made_for_sources_that_do_not_exist(self, films):
        with pytest.raises(UserError, match=r"gone\.mp4"):
            prepare(["gone.mp4"], "store", config())
        assert not (films / "store").exists()


SCRIPT = """
import sys
from videospace.clips.prepare import prepare
from videospace.clips.prepare_config import PrepareConfig
from videospace.runtime.errors import UserError
workers = int(sys.argv[1])
settings = PrepareConfig(num_frames=4, size="8", workers=workers)
print(prepare(["films"], "store", settings).num_added)
"""


class TestGuard:
    def run(self, workers):
        with open("script.py", "w") as file:
            file.write(SCRIPT)
        command = [sys.executable, "script.py", str(workers)]
        return subprocess.run(command, capture_output=True, text=True)

    def test_a_script_without_it_is_told_once(self, films):
        done = self.run(workers=2)
        assert done.returncode == 1
        assert "__main__" in done.stderr.strip().splitlines()[-1]
        assert done.stderr.count("imports your script: put") <= 2 * 3  # two lines a process
        assert done.stdout == ""
        assert not (films / "store" / "skipped.jsonl").exists()

    def test_one_worker_needs_none(self, films):
        done = self.run(workers=1)
        assert (done.returncode, done.stdout) == (0, "6\n"), done.stderr

    def test_one_worker_starts_no_process(self, films, monkeypatch):
        def refuse(*_):
            raise AssertionError("a process was started")

        monkeypatch.setattr(multiprocessing.get_context("spawn").Process, "start", refuse)
        before = multiprocessing.active_children()  # those of other tests
        assert prepare(["films"], "store", config()).num_added == 6
        assert multiprocessing.active_children() == before
