import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from videospace.runtime.errors import UserError
from videospace.runtime.files import atomic_write, cannot_write, check_output, folder_lock


def write_half(path, error=None):
    with atomic_write(path) as temporary:
        temporary.write_text("half")
        if error:
            raise error


class TestAtomicWrite:
    def test_the_new_content_takes_the_place_of_the_old(self, tmp_path):
        path = tmp_path / "scores.json"
        path.write_text("old")
        with atomic_write(path) as temporary:
            temporary.write_text("new")
            assert path.read_text() == "old"
            assert (temporary.parent, temporary.suffix) == (tmp_path, ".json")
            assert temporary.name.startswith(".scores.")
        assert path.read_text() == "new"
        assert os.listdir(tmp_path) == ["scores.json"]

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
    def test_what_does_not_end_well_leaves_the_old(self, tmp_path, error):
        path = tmp_path / "scores.json"
        path.write_text("old")
        with pytest.raises(error):
            write_half(path, error())
        assert path.read_text() == "old"
        assert os.listdir(tmp_path) == ["scores.json"]

    def test_who_has_the_old_file_open_goes_on_reading_it(self, tmp_path):
        path = tmp_path / "scores.json"
        path.write_text("old")
        with open(path) as reader:
            write_half(path)
            assert reader.read() == "old"
        assert path.read_text() == "half"

    def test_writers_of_one_name_do_not_meet(self, tmp_path):
        path = tmp_path / "a.txt"
        with atomic_write(path) as first, atomic_write(path) as second:
            first.write_text("first")
            second.write_text("second")
        assert path.read_text() == "first"  # the outer block ends last
        assert os.listdir(tmp_path) == ["a.txt"]

    def test_a_disk_that_refuses_is_explained(self, tmp_path):
        path = tmp_path / "a.txt"
        with pytest.raises(UserError, match=f"{path}.*No space left"):
            write_half(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        assert os.listdir(tmp_path) == []

    def test_a_folder_that_is_not_there(self, tmp_path):
        path = tmp_path / "gone" / "a.txt"
        with pytest.raises(UserError, match="No such file"):
            write_half(path)

    def test_a_block_that_writes_nothing_is_an_error(self, tmp_path):
        with pytest.raises(UserError, match="No such file"), atomic_write(tmp_path / "a.txt"):
            pass


def test_an_error_without_words_shows_itself(tmp_path):
    assert "cannot write 'a': odd; choose" in str(cannot_write(Path("a"), OSError("odd")))


HOLD = """
import sys, time
from pathlib import Path
from videospace.runtime.files import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(3600)
"""


class TestFolderLock:
    def test_a_second_lock_is_refused_until_the_first_is_released(self, tmp_path):
        folder = tmp_path / "new" / "folder"
        refused = pytest.raises(UserError, match="another process")
        with folder_lock(folder), refused, folder_lock(folder):
            pass
        with folder_lock(folder):
            pass

    def test_locks_with_different_names_are_independent(self, tmp_path):
        with folder_lock(tmp_path), folder_lock(tmp_path, ".other.lock"):
            assert sorted(os.listdir(tmp_path)) == [".lock", ".other.lock"]

    def test_a_kill_releases_the_lock(self, tmp_path):
        command = [sys.executable, "-c", HOLD, tmp_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(UserError, match="another process"), folder_lock(tmp_path):
                pass
            holder.kill()
        with folder_lock(tmp_path):
            pass

    def test_an_error_inside_releases_the_lock(self, tmp_path):
        with pytest.raises(ZeroDivisionError), folder_lock(tmp_path):
            raise ZeroDivisionError
        with folder_lock(tmp_path):
            pass

    def test_a_file_is_in_the_way(self, tmp_path):
        (tmp_path / "file").write_text("mine")
        with (
            pytest.raises(UserError, match="cannot write"),
            folder_lock(tmp_path / "file"),
        ):
            pass
        assert (tmp_path / "file").read_text() == "mine"


class TestCheckOutput:
    def test_no_part_of_a_folder_that_is_read(self, tmp_path):
        (tmp_path / "index.jsonl").write_text("{}")
        with pytest.raises(UserError, match="input"):
            check_output(tmp_path / "index.jsonl", [tmp_path])
        check_output(tmp_path / "new.json", [tmp_path])
        (tmp_path / "samples.mp4").write_text("made before")
        check_output(tmp_path / "samples.mp4", [tmp_path])

    def test_no_folder_that_holds_an_input(self, tmp_path):
        (tmp_path / "mask.mp4").write_text("a mask")
        with pytest.raises(UserError, match="input"):
            check_output(tmp_path, [tmp_path / "mask.mp4"])
