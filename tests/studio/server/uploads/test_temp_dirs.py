"""Temporary folders of a killed studio are removed by the next one."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.support.studio_process import StudioServer

from videospace.lipreading.profile.deletion import delete_profile
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.folder import UNFINISHED
from videospace.lipreading.profile.storage.records import ProfileSettings
from videospace.runtime.errors import UserError
from videospace.studio.server.sessions.profiles import Profiles, size_bytes
from videospace.studio.server.uploads.temp_dirs import (
    private_temp_files,
    remove_leftovers,
    temp_dir,
)

DIE_INSIDE = """
import os, sys, tempfile
from pathlib import Path
from videospace.studio.server.uploads.temp_dirs import private_temp_files
with private_temp_files(Path(sys.argv[1])):
    tempfile.NamedTemporaryFile(suffix=".webm", delete=False).write(b"a film")
    os._exit(9)
"""


def test_temporary_files_lie_with_the_profiles_and_not_where_all_can_see_them(tmp_path):
    before = tempfile.gettempdir()
    with private_temp_files(tmp_path), tempfile.NamedTemporaryFile() as film:
        assert Path(film.name).is_relative_to(tmp_path)
        assert os.stat(Path(film.name).parent).st_mode & 0o077 == 0
    assert tempfile.gettempdir() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_studio_that_is_told_to_end_leaves_nothing(number, tmp_path, capfd):
    with StudioServer(tmp_path) as studio:
        assert list(tmp_path.glob(f"{UNFINISHED}*"))
        assert studio.stop(number) == 0
    assert not list(tmp_path.glob(f"{UNFINISHED}*"))
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_killed_studio_left_is_swept_and_what_runs_is_not(tmp_path):
    killed = subprocess.run([sys.executable, "-c", DIE_INSIDE, str(tmp_path)], timeout=600)
    assert killed.returncode == 9
    assert len(list(tmp_path.rglob("*.webm"))) == 1
    with temp_dir(tmp_path) as mine:
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == [mine]


def test_a_person_who_was_being_deleted_is_gone_after_the_next_start(tmp_path, monkeypatch):
    profiles = Profiles(tmp_path)
    profiles.create(ProfileSettings(person="Ann"))

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", die)
    with pytest.raises(KeyboardInterrupt):
        delete_profile(tmp_path / "ann")
    monkeypatch.undo()
    assert [path.name[:9] for path in tmp_path.iterdir()] == [".deleted-"]
    assert Profiles(tmp_path).ids() == []
    assert list(tmp_path.iterdir()) == []


def test_files_of_clips_that_nobody_knows_are_gone_after_the_next_start(tmp_path):
    Profiles(tmp_path).create(ProfileSettings(person="Ann"))
    stranger = tmp_path / "ann" / "clips" / ".0123.part.npz"
    stranger.write_bytes(b"half")
    Profiles(tmp_path)
    assert not stranger.exists()


def test_a_damaged_profile_does_not_keep_the_studio_from_starting(tmp_path):
    Profiles(tmp_path).create(ProfileSettings(person="Ann"))
    (tmp_path / "ann" / "profile.sqlite").write_bytes(b"rubbish" * 1000)
    profiles = Profiles(tmp_path)
    with pytest.raises(UserError, match="is damaged"):
        profiles.find("ann")


def test_of_two_people_of_one_name_who_come_at_once_one_is_let_in(tmp_path):
    profiles = Profiles(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        tries = [pool.submit(profiles.create, ProfileSettings(person="Ann")) for _ in range(4)]
    refusals = [error for error in (each.exception() for each in tries) if error]
    assert len(refusals) == 3
    assert all(isinstance(error, UserError) for error in refusals)
    assert profiles.ids() == ["ann"]


def test_people_whose_names_have_one_folder_can_come_at_once(tmp_path):
    profiles = Profiles(tmp_path)
    names = ["Ann", "Ann!", "Ann?", "(Ann)"]
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda name: profiles.create(ProfileSettings(person=name)), names))
    assert sorted(ids) == ["ann", "ann-2", "ann-3", "ann-4"] == profiles.ids()


def test_a_file_that_goes_while_it_is_measured_counts_nothing(tmp_path):
    profile = Profile.create(tmp_path / "ann", ProfileSettings(person="Ann"))
    whole = size_bytes(profile.folder)
    (profile.folder / "clips" / ".gone.part").symlink_to(tmp_path / "nowhere")
    assert size_bytes(profile.folder) == whole


ORPHAN = """
import multiprocessing, os, sys, time
from videospace.studio.server.uploads.sandbox import end_with_parent

def live() -> None:
    end_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(3600)

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=live).start()
    time.sleep(3600)
"""


def test_what_a_killed_studio_started_ends_with_it(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(ORPHAN)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        try:  # the child holds the other end of the pipe
            assert select.select([parent.stdout], [], [], 120)[0]
        except AssertionError:
            os.kill(child, signal.SIGKILL)
            raise
        assert parent.stdout.read() == ""
