"""The folder of a space where writing fails."""

import os
import subprocess

import pytest
import torch

from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.errors import UserError

FILES = ["README.md", "codes.safetensors", "config.json", "model.safetensors"]


@pytest.fixture
def folder(tmp_path, make_space):
    """A saved space."""
    make_space().save_pretrained(tmp_path / "space")
    return tmp_path / "space"


class TestInterruptedSave:
    """Whatever write is cut off, the folder holds a space: the old one, or the new one."""

    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
    @pytest.mark.parametrize("precision", ["float32", "float16"])
    @pytest.mark.parametrize("write", range(4))
    def test_at_any_rename(self, folder, make_space, monkeypatch, write, precision, error):
        old, new = VideoSpace.from_pretrained(folder), make_space()
        for parameter in new.model.parameters():
            parameter.copy_((1.5 * parameter).half())  # so that both precisions hold it
        new.latents = (new.latents + 1).half().float()
        replace, calls = os.replace, []

        def interrupted(source, target):
            calls.append(target)
            if len(calls) == write + 1:
                raise error
            replace(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else UserError):
                new.save_pretrained(folder, precision=precision)
        assert len(calls) == write + 1
        opened = VideoSpace.from_pretrained(folder)
        expected = old if write < 2 else new
        assert torch.equal(opened.latents, expected.latents)
        assert opened.fingerprint() == expected.fingerprint()
        assert not list(folder.glob(".*.part*"))
        new.save_pretrained(folder)
        assert sorted(os.listdir(folder)) == FILES
        assert VideoSpace.from_pretrained(folder).fingerprint() == new.fingerprint()

    def test_without_hard_links_the_message_says_what_to_do(self, folder, make_space, monkeypatch):
        def no_links(*_):
            raise OSError(95, "Operation not supported")

        monkeypatch.setattr(os, "link", no_links)
        new = make_space()
        next(new.model.parameters()).mul_(2)
        replace, calls = os.replace, []

        def interrupted(source, target):
            calls.append(target)
            if len(calls) == 2:
                raise KeyboardInterrupt
            replace(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", interrupted)
            with pytest.raises(KeyboardInterrupt):
                new.save_pretrained(folder)
        with pytest.raises(UserError, match="same command again"):
            VideoSpace.from_pretrained(folder)


class TestNoPermission:
    def test_a_file_is_in_the_way(self, tmp_path, make_space):
        (tmp_path / "file").write_text("mine")
        for target in (tmp_path / "file", tmp_path / "file" / "space"):
            with pytest.raises(UserError, match="cannot write"):
                make_space().save_pretrained(target)
        assert (tmp_path / "file").read_text() == "mine"

    def test_a_folder_is_in_the_way_of_a_file(self, folder, make_space):
        (folder / "config.json").unlink()
        (folder / "config.json").mkdir()
        with pytest.raises(UserError, match=r"config\.json"):
            make_space().save_pretrained(folder)

    @pytest.mark.smallfs
    def test_a_read_only_disk(self, small_disk, make_space):
        make_space().save_pretrained(small_disk / "space")
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        for name in ("space", "other"):
            with pytest.raises(UserError, match="Read-only file system"):
                make_space().save_pretrained(small_disk / name)
        opened = VideoSpace.from_pretrained(small_disk / "space")
        assert torch.equal(opened.latents, make_space().latents)
