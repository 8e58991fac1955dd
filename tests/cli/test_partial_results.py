"""Resuming ``invert`` and ``complete`` after an interrupt or a full disk."""

import errno
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from videospace.inrv.inversion import inversion

COMPLETE = "complete @space @long.mp4 --out %out.npy --task sparse --fraction 0.5"
INVERT = f"invert @space @long.mp4 {'@clip.mp4 @short.mp4 ' * 4} --out %out.npz"
EACH = [COMPLETE, INVERT]


@pytest.fixture(autouse=True)
def four_videos_at_once(monkeypatch):
    """Make three batches of nine videos, and of the windows of the long film."""
    monkeypatch.setattr(inversion, "ROWS_AT_ONCE_ON_CPU", 4)


def interrupt():
    raise KeyboardInterrupt


def stopping(monkeypatch, at=None, how=interrupt):
    """Count the batches that a command inverts, and stop it in one of them."""
    invert_batch, calls = inversion._invert_batch, []

    def counted(space, contexts, *arguments):
        calls.append(len(contexts))
        if len(calls) == at:
            how()
        return invert_batch(space, contexts, *arguments)

    monkeypatch.setattr(inversion, "_invert_batch", counted)
    return calls


def content(folder):
    """The content of the only file in a folder."""
    (path,) = folder.iterdir()
    loaded = np.load(path)
    return loaded["latents"] if path.suffix == ".npz" else loaded


@pytest.mark.parametrize("command", EACH)
@pytest.mark.parametrize("refine", ["", " --refine weights --refine-steps 3"])
def test_the_same_command_goes_on(tmp_path, call, capsys, monkeypatch, command, refine):
    command += refine
    assert call(command) == 0
    expected = content(tmp_path)
    next(tmp_path.iterdir()).unlink()
    with monkeypatch.context() as patch:
        stopping(patch, at=2)
        assert call(command) == 130
    said = capsys.readouterr()
    kept = next(tmp_path.glob("out.np?.unfinished-*"))
    assert str(kept) in said.out
    assert "interrupted" in said.err
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    with monkeypatch.context() as patch:
        again = stopping(patch)
        assert call(command) == 0
    assert len(again) == 2  # of three
    np.testing.assert_array_equal(content(tmp_path), expected)


def test_an_interrupt_before_anything_is_done_leaves_nothing(tmp_path, call, capsys, monkeypatch):
    stopping(monkeypatch, at=1)
    assert call(COMPLETE) == 130
    assert "kept" not in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_another_command_starts_from_the_beginning(tmp_path, call, monkeypatch):
    with monkeypatch.context() as patch:
        stopping(patch, at=3)
        assert call(COMPLETE) == 130
    calls = stopping(monkeypatch)
    assert call(f"{COMPLETE} --seed 1") == 0
    assert len(calls) == 3
    assert len(list(tmp_path.glob("*unfinished*"))) == 1  # still there for the first command


def test_a_changed_video_starts_from_the_beginning(films, tmp_path, call, monkeypatch):
    film = tmp_path / "film.mp4"
    film.write_bytes((films / "long.mp4").read_bytes())
    command = COMPLETE.replace("@long.mp4", "%film.mp4")
    with monkeypatch.context() as patch:
        stopping(patch, at=2)
        assert call(command) == 130
    os.utime(film, (1, 1))
    calls = stopping(monkeypatch)
    assert call(command) == 0
    assert len(calls) == 3


def test_a_damaged_batch_is_inverted_again(tmp_path, call, monkeypatch):
    with monkeypatch.context() as patch:
        stopping(patch, at=3)
        assert call(COMPLETE) == 130
    first, second = sorted(tmp_path.glob("*unfinished*/*"))
    first.write_bytes(second.read_bytes()[:50])
    calls = stopping(monkeypatch)
    assert call(COMPLETE) == 0
    assert calls == [4, 2]  # the first four windows and the last two


def test_terminating_is_an_interrupt(call, capsys, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    stopping(monkeypatch, 2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert call(COMPLETE) == 130
    assert "4 latents" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_real_signal_leaves_no_half_file(films, tmp_path, number):
    out = tmp_path / "out.mp4"
    options = ["--task", "sparse", "--max-steps", "20", "--size", "900x1200"]  # slow to render
    command = [sys.executable, "-m", "videospace", "complete", films / "space", films / "long.mp4"]
    process = subprocess.Popen(
        [*map(str, command), "--out", str(out), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell puts in the background ignores Ctrl-C, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob("*/[0-9]*.safetensors")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    said, error = process.communicate()
    assert process.returncode == 130
    assert "interrupted" in error
    assert "latents" in said
    (kept,) = tmp_path.iterdir()  # no out.mp4, and no unfinished one
    assert kept.name.startswith("out.mp4.unfinished-")


@pytest.mark.parametrize("command", EACH)
def test_a_full_disk_leaves_no_half_file(tmp_path, call, capsys, monkeypatch, command):
    replace = os.replace

    def full_for_the_result(source, target):
        if os.path.basename(target).startswith("out."):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_for_the_result)
        assert call(command) == 2
    said = capsys.readouterr()
    assert "No space left" in said.err
    assert len(said.err.splitlines()) == 1
    assert "are kept in" in said.out
    (kept,) = tmp_path.iterdir()
    assert len(list(kept.iterdir())) == 3
    calls = stopping(monkeypatch)
    assert call(command) == 0  # with space again, no batch is inverted twice
    assert calls == []
    assert len(list(tmp_path.iterdir())) == 1


def test_a_disk_too_full_for_a_batch(tmp_path, call, capsys, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    assert call(INVERT) == 2
    assert "No space left" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
