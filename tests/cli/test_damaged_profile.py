"""Every command says in one line that a profile is damaged."""

import numpy as np
import pytest
from PIL import Image
from tests.support.damaged_profiles import DAMAGE
from tests.support.used_profile import mouth, trained_model

from videospace.cli import main
from videospace.cli.lipread import COMMANDS
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import is_profile
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings

WITHOUT_PROFILE = {"new", "import", "pretrain"}
"""Commands that make what they are given."""
ARGUMENTS = {
    "add": ["tea"],
    "words": ["words.txt"],
    "recognize": ["clip", "--faces", "crops"],
    "models": ["--use", "0" * 16],
    "export": ["out.zip"],
    "delete": ["--word", "water"],
    "bank": ["water", "--delete", "voice"],
    "lock": ["--remove"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A profile with every kind of row, and what the commands read beside it."""
    monkeypatch.chdir(tmp_path)
    profile = Profile.create(tmp_path / "ann", ProfileSettings(person="Ann"))
    for number, word in enumerate(("water", "bread")):
        profile.add_word(word)
        profile.add_clip(word, mouth(number), source="test")
    answer = AnswerRecord(words=("water",), probabilities=(0.9,), strategy="fusion")
    profile.add_clip("water", mouth(7), source="studio", answer=answer)
    trained_model(profile)
    (tmp_path / "words.txt").write_text("tea\n")
    (tmp_path / "clip").mkdir()
    for number in range(6):
        Image.fromarray(np.zeros((88, 88), np.uint8)).save(tmp_path / "clip" / f"{number}.png")
    return profile.folder


def call(capsys, *arguments):
    """The status of a command, and the lines that it wrote to standard error."""
    capsys.readouterr()
    status = main(["lipread", *map(str, arguments)])
    return status, capsys.readouterr().err.splitlines()


@pytest.mark.parametrize("kind", ["missing", "rubbish", "no table of words", "a newer format"])
@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - WITHOUT_PROFILE))
def test_each_command_is_one_line(folder, capsys, command, kind):
    DAMAGE[kind](folder)
    status, lines = call(capsys, command, folder, *ARGUMENTS.get(command, []))
    assert (status, len(lines)) == (2, 1)
    assert "ann" in lines[0]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_its_files_are_saved_and_it_is_deleted(folder, capsys, tmp_path, damage):
    damage(folder)
    for arguments in (["info"], ["history"], ["models"], ["export", "out.zip"]):
        status, lines = call(capsys, arguments[0], folder, *arguments[1:])
        assert (status, len(lines)) in ((0, 0), (2, 1))
    assert call(capsys, "export", folder, "out.zip", "--as-is") == (0, [])
    assert (tmp_path / "out.zip").is_file()
    assert call(capsys, "delete", folder, "--everything") == (0, [])
    assert not is_profile(folder)


@pytest.mark.parametrize("name", [b"A\xff", b"A\x07", b"a" * 101, b" "])
def test_names_that_no_profile_has(tmp_path, capsys, name):
    text = name.decode(errors="surrogateescape")
    status, lines = call(capsys, "new", tmp_path / "bo", "--name", text)
    assert (status, len(lines)) == (2, 1)
    assert list(tmp_path.iterdir()) == []


def test_a_language_that_is_a_path(tmp_path, capsys):
    status, lines = call(capsys, "new", tmp_path / "bo", "--language", "../../x")
    assert (status, len(lines)) == (2, 1)
    assert "language" in lines[0]
