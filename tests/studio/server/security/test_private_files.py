"""Files and folders that only their owner may read."""

import os
import stat
from pathlib import Path

import pytest

from videospace.runtime.errors import UserError
from videospace.studio.server.security import private_files
from videospace.studio.server.security.private_files import (
    OTHERS,
    browser_secret,
    private_folder,
    umask,
    write_private,
)
from videospace.studio.server.sessions.profiles import Profiles

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files here have no owners")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def somebody_else(monkeypatch):
    """After a call, this process is somebody else's."""

    def change() -> None:
        monkeypatch.setattr(os, "getuid", lambda: 12345)

    return change


@pytest.mark.parametrize("before", [0o755, 0o750, 0o707, 0o2775])
def test_a_folder_that_was_open_is_closed_and_that_is_said(tmp_path, before):
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(before)
    assert "closed" in Profiles(folder).note
    assert mode(folder) & 0o777 == 0o700
    assert Profiles(folder).note == ""


def test_a_new_folder_is_closed_even_if_nothing_else_is(tmp_path):
    with umask(0):
        assert private_folder(tmp_path / "new" / "data") == ""
    assert mode(tmp_path / "new" / "data") == 0o700


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path, somebody_else):
    tmp_path.chmod(0o755)
    somebody_else()
    with pytest.raises(UserError, match="another user"):
        private_folder(tmp_path)
    assert mode(tmp_path) == 0o755


def test_a_link_of_somebody_else_is_refused_wherever_it_is(tmp_path, monkeypatch):
    (tmp_path / "mine" / "data").mkdir(parents=True, mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    (tmp_path / "second").symlink_to("link")
    private_folder(tmp_path / "second" / "data")
    lstat = Path.lstat

    def of_another(path: Path) -> os.stat_result:
        found = list(lstat(path))
        if path.name == "link":
            found[stat.ST_UID] = 12345
        return os.stat_result(found)

    monkeypatch.setattr(Path, "lstat", of_another)
    for data in (tmp_path / "link" / "data", tmp_path / "second" / "data"):
        with pytest.raises(UserError, match="link"):
            private_folder(data)


def test_a_folder_that_anybody_could_exchange_is_refused(tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(UserError, match="exchange"):
        private_folder(tmp_path / "open" / "data")
    (tmp_path / "open").chmod(0o1777)  # as /tmp
    private_folder(tmp_path / "open" / "data")


@pytest.mark.parametrize("target", ["nowhere", "data"])
def test_a_link_that_leads_nowhere_is_named(tmp_path, target):
    (tmp_path / "data").symlink_to(target)
    with pytest.raises(UserError, match=f"link to '{target}'"):
        private_folder(tmp_path / "data")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(UserError, match="expected a folder"):
        private_folder(tmp_path / "data")


@pytest.mark.parametrize("refusal", [None, PermissionError()])
def test_a_disk_without_permissions_is_warned_of(tmp_path, monkeypatch, refusal):
    def keep(*_: object) -> None:
        if refusal:
            raise refusal

    (tmp_path / "stick").mkdir()
    for path in (tmp_path / "stick", tmp_path / "stick" / "data"):
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
    monkeypatch.setattr(os, "fchmod", keep)
    assert "warning" in private_folder(tmp_path / "stick" / "data")


def test_without_owners_nothing_is_changed(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    monkeypatch.setattr(private_files, "_HAS_OWNERS", False)
    assert private_folder(tmp_path) == ""
    assert mode(tmp_path) == 0o755
    assert browser_secret(tmp_path, "a") == browser_secret(tmp_path, "a")


def test_the_secret_of_browsers_stays_and_is_private(tmp_path):
    with umask(0):
        first = browser_secret(tmp_path, "a")
    (path,) = tmp_path.iterdir()
    assert mode(path) == 0o600
    assert browser_secret(tmp_path, "a") == first != browser_secret(tmp_path, "b")
    assert path.read_text() not in first


def test_a_secret_that_others_could_read_or_that_is_none_is_replaced(tmp_path, somebody_else):
    first = browser_secret(tmp_path, "a")
    (path,) = tmp_path.iterdir()
    path.chmod(0o640)
    second = browser_secret(tmp_path, "a")
    for content in (b"", b"short", b"\xff" * 32, b"x" * 33):
        write_private(path, content)
        assert len(browser_secret(tmp_path, "a")) == 64
    third = browser_secret(tmp_path, "a")
    path.rename(tmp_path / "moved")
    path.symlink_to("moved")
    fourth = browser_secret(tmp_path, "a")
    somebody_else()
    assert len({first, second, third, fourth, browser_secret(tmp_path, "a")}) == 5
    assert mode(path) == 0o600


def test_what_is_made_with_the_mask_is_private(tmp_path):
    with umask(OTHERS) as before:
        (tmp_path / "folder").mkdir()
        (tmp_path / "file").touch()
        with umask(before):
            (tmp_path / "usual").touch()
    assert mode(tmp_path / "folder") == 0o700
    assert mode(tmp_path / "file") == 0o600
    assert mode(tmp_path / "usual") == 0o666 & ~before
