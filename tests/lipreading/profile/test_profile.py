"""A profile keeps what it acknowledges; refused changes leave no trace."""

import dataclasses
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import clip_id, load_clip, save_clip
from videospace.lipreading.profile.storage.damage import INDEX_FILE
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import UserError


def test_words_and_clips_come_back(profile, make_clip):
    again = Profile(profile.folder)
    assert [(word.text, word.num_clips) for word in again.words()] == [
        ("water", 2),
        ("bread", 1),
        ("yes", 0),
    ]
    records = again.clips()
    assert [record.source for record in records] == ["take 0", "take 1", "take 2"]
    assert [record.id for record in again.clips("WATER")] == [records[0].id, records[2].id]
    loaded = again.load_clip(records[1].id)
    np.testing.assert_array_equal(loaded.frames, make_clip(1).frames)
    assert loaded.fps == 25.0
    labeled = again.labeled_clips()
    assert [(clip.word, clip.speaker, clip.domain) for clip in labeled] == [
        ("water", "Ann", "real"),
        ("bread", "Ann", "real"),
        ("water", "Ann", "real"),
    ]
    assert len({clip.take for clip in labeled}) == 3


def test_a_word_keeps_its_spoken_form_its_note_and_its_uses(profile, make_clip):
    profile.add_word("Dr. Lee", spoken="doctor Lee", note="mornings only")
    for seed, text in enumerate(("dr. lee", "Dr. Lee")):
        profile.add_clip(text, make_clip(50 + seed), source="x", answer=AnswerRecord())
    word = profile.word("DR. LEE")
    assert (word.spoken, word.note, word.num_uses) == ("doctor Lee", "mornings only", 2)
    assert word.added.endswith("+00:00")


def test_problems_and_domain_of_a_clip_are_kept(profile, make_clip):
    record = profile.add_clip(
        "yes", make_clip(9), source="camera", domain="synthetic", problems=["too dark", "blurred"]
    )
    assert profile.clips("yes") == [record]
    assert record.problems == ("too dark", "blurred")


def test_settings_change(profile):
    assert profile.settings == ProfileSettings(person="Ann")
    changed = dataclasses.replace(profile.settings, language="de", prior=True)
    profile.change_settings(changed)
    assert Profile(profile.folder).settings == changed


@pytest.mark.parametrize("again", ["water", " Water ", "WATER"])
def test_the_same_word_twice(profile, again):
    with pytest.raises(UserError, match="already"):
        profile.add_word(again)
    assert len(profile.words()) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("wa\x00ter", r"U\+0000.*type it again"),
        ("wa\u202eter", r"U\+202E"),
        ("\ud800", r"U\+D800"),
        ("a" * 101, "at most 100 .*101"),
    ],
)
def test_texts_that_are_no_words(profile, text, message):
    with pytest.raises(UserError, match=message):
        profile.add_word(text)
    assert len(profile.words()) == 3


@pytest.mark.parametrize("text", ["naïve", "Straße", "नमस्ते", "☕", "'; DROP TABLE words; --"])
def test_words_of_any_script(profile, text):
    profile.add_word(text)
    assert Profile(profile.folder).word(text).text == text


def test_one_form_for_one_word():
    assert checked_text("cafe\u0301") == "café"
    assert word_key("CAFÉ") == word_key("cafe\u0301")


def test_the_same_recording_twice(profile, make_clip):
    with pytest.raises(UserError, match="already"):
        profile.add_clip("bread", make_clip(0), source="again")
    assert len(profile.clips()) == 3
    assert profile.load_clip(profile.clips()[0].id).frames.shape == (6, 88, 88)


def test_words_and_clips_that_are_not_there(profile, make_clip):
    with pytest.raises(UserError, match="tea"):
        profile.add_clip("tea", make_clip(7), source="x")
    with pytest.raises(UserError, match="tea"):
        profile.clips("tea")
    with pytest.raises(UserError, match="0123"):
        profile.load_clip("0123")
    assert len(list((profile.folder / "clips").iterdir())) == 3


def test_file_names_that_are_no_text(profile, make_clip):
    name = os.fsdecode(b"film\xff.mp4")
    assert profile.add_clip("yes", make_clip(5), source=name).source == "film?.mp4"


def test_no_profile_and_a_folder_in_the_way(tmp_path, profile):
    with pytest.raises(UserError, match=INDEX_FILE):
        Profile(tmp_path)
    with pytest.raises(UserError, match="exists"):
        Profile.create(profile.folder, ProfileSettings(person="Bob"))
    with pytest.raises(UserError, match="empty"):
        Profile.create(tmp_path / "nobody", ProfileSettings(person=" "))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ann"]


def test_only_the_owner_may_look(profile):
    assert profile.folder.stat().st_mode & 0o077 == 0


def test_a_profile_of_a_newer_format(profile):
    index = sqlite3.connect(profile.folder / INDEX_FILE)
    index.execute("PRAGMA user_version = 7")
    index.close()
    message = "has format 7"
    with pytest.raises(UserError, match=message):
        Profile(profile.folder)
    with pytest.raises(UserError, match=message):
        profile.add_word("tea")


def test_damaged_files(profile):
    record = profile.clips()[0]
    file = profile.folder / "clips" / f"{record.id}.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        profile.load_clip(record.id)
    file.unlink()
    with pytest.raises(UserError, match="missing"):
        profile.load_clip(record.id)
    (profile.folder / INDEX_FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(UserError, match="damaged"):
        Profile(profile.folder)
    other = sqlite3.connect(profile.folder / "other")
    other.execute("CREATE TABLE t (a)")
    other.close()
    os.replace(profile.folder / "other", profile.folder / INDEX_FILE)
    with pytest.raises(UserError, match="database"):
        Profile(profile.folder)


def test_a_clip_file_without_pickles(tmp_path, make_clip):
    np.savez(tmp_path / "evil.npz", frames=np.array([{}], dtype=object), fps=25.0)
    with pytest.raises(UserError, match="damaged"):
        load_clip(tmp_path / "evil.npz")
    save_clip(tmp_path / "good.npz", make_clip(0))
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []


def test_landmarks_are_kept(profile, make_clip):
    points = np.random.default_rng(0).normal(size=(6, 27, 2)).astype(np.float32)
    clip = dataclasses.replace(make_clip(7), landmarks=points)
    record = profile.add_clip("yes", clip, source="camera")
    assert record.id == clip_id(make_clip(7))  # the frames alone name a clip
    np.testing.assert_array_equal(profile.load_clip(record.id).landmarks, points)
    earlier = profile.clips("water")[0].id
    assert profile.load_clip(earlier).landmarks is None


def test_landmarks_that_are_damaged(tmp_path, make_clip):
    clip = make_clip(0)
    points = np.full((6, 27, 2), np.nan, np.float32)
    np.savez(tmp_path / "a.npz", frames=clip.frames, fps=25.0, landmarks=points)
    with pytest.raises(UserError, match="damaged"):
        load_clip(tmp_path / "a.npz")


def test_many_threads_at_once(profile, make_clip):
    def add(seed: int) -> None:
        profile.add_clip("yes", make_clip(seed), source=str(seed))

    threads = [threading.Thread(target=add, args=(seed,)) for seed in range(10, 22)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(profile.clips("yes")) == 12
    assert len(list((profile.folder / "clips").iterdir())) == 15


def test_what_an_interrupted_call_left_is_cleared(profile, make_clip):
    clips = profile.folder / "clips"
    save_clip(clips / "0123456789abcdef.npz", make_clip(30))
    (clips / ".fedcba.12345678.part.npz").write_bytes(b"half")
    (profile.folder / "models" / ".unfinished-x").mkdir()
    Profile(profile.folder)
    assert len(list(clips.iterdir())) == 3
    assert list((profile.folder / "models").iterdir()) == []


ADD_FOR_EVER = """
import sys
from pathlib import Path
import numpy as np
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.profile import Profile
profile = Profile(Path(sys.argv[1]))
generator = np.random.default_rng(int(sys.argv[2]))
while True:
    frames = generator.integers(0, 256, (6, 88, 88), np.uint8)
    clip = MouthClip(frames=frames, fps=25.0)
    print(profile.add_clip("yes", clip, source="loop").id, flush=True)
"""


@pytest.mark.parametrize("num_acknowledged", [1, 2, 5])
def test_a_kill_loses_nothing_acknowledged(profile, num_acknowledged):
    command = [sys.executable, "-c", ADD_FOR_EVER, str(profile.folder), str(100 + num_acknowledged)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(num_acknowledged)]
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    acknowledged += [line for line in rest.splitlines() if len(line) == 16]
    again = Profile(profile.folder)
    kept = {record.id for record in again.clips("yes")}
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 1  # one may be kept whose id was not printed any more
    assert {path.stem for path in (profile.folder / "clips").iterdir()} == {
        record.id for record in again.clips()
    }
    for identity in kept:
        assert again.load_clip(identity).frames.shape == (6, 88, 88)


@pytest.mark.smallfs
def test_a_full_disk_while_recording(small_disk, make_clip):
    profile = Profile.create(small_disk / "ann", ProfileSettings(person="Ann"))
    profile.add_word("water")
    kept = []

    def record_for_ever() -> None:
        for seed in range(100):
            kept.append(profile.add_clip("water", make_clip(seed), source="camera").id)

    with pytest.raises(UserError, match=r"cannot write .*(No space left|full)"):
        record_for_ever()
    assert len(kept) > 5
    again = Profile(profile.folder)  # can be read with the disk full
    assert [record.id for record in again.clips()] == kept
    for identity in kept:
        assert again.load_clip(identity).frames.shape == (6, 88, 88)
    assert {path.stem for path in (small_disk / "ann" / "clips").iterdir()} == set(kept)


@pytest.mark.smallfs
def test_a_disk_without_a_byte_left_can_be_read(small_disk, make_clip):
    profile = Profile.create(small_disk / "ann", ProfileSettings(person="Ann"))
    profile.add_word("water")
    room = os.statvfs(small_disk)
    (small_disk / "big").write_bytes(bytes(room.f_bavail * room.f_frsize))
    assert os.statvfs(small_disk).f_bavail == 0
    assert [word.text for word in Profile(profile.folder).words()] == ["water"]
    with pytest.raises(UserError, match="cannot write"):
        profile.add_clip("water", make_clip(0), source="camera")
    (small_disk / "big").unlink()
    profile.add_clip("water", make_clip(0), source="camera")
    assert profile.word("water").num_clips == 1


@pytest.mark.smallfs
def test_a_read_only_disk_can_be_read(small_disk, make_clip):
    profile = Profile.create(small_disk / "ann", ProfileSettings(person="Ann"))
    profile.add_word("water")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    assert Profile(profile.folder).word("water").text == "water"
    with pytest.raises(UserError, match="cannot write to the profile"):
        profile.add_word("bread")


def test_processes_take_turns(profile):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_add_words, args=(profile.folder, n)) for n in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(profile.words()) == 3 + 2 * 8


def _add_words(folder, number):
    profile = Profile(folder)
    for index in range(8):
        profile.add_word(f"word {number} {index}")
