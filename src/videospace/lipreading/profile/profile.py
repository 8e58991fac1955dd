"""A person's profile: a folder that keeps every word and clip it has acknowledged."""

import contextlib
import dataclasses
import datetime
import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from videospace.lipreading.data.corpora import Domain, LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.clip_files import clip_id, load_clip, save_clip
from videospace.lipreading.profile.folder import clip_path, new_folder, sweep
from videospace.lipreading.profile.records import (
    AnswerRecord,
    ClipRecord,
    ProfileSettings,
    UsageRecord,
    WordRecord,
)
from videospace.lipreading.profile.store import create_index, reading, writing
from videospace.lipreading.profile.usage import insert_choice, read_choices
from videospace.lipreading.profile.words import WordEntry, checked_text, word_key
from videospace.lipreading.text import counted
from videospace.runtime.errors import UserError
from videospace.runtime.json_config import config_from_json

_WORDS = """
SELECT text, spoken, note, words.added, num_uses, COUNT(clips.id) AS num_clips
FROM words LEFT JOIN clips ON clips.word = words.key {where} GROUP BY key ORDER BY words.rowid
"""
_CLIPS = """
SELECT id, text AS word, clips.added, source, domain, num_frames, fps, problems
FROM clips JOIN words ON words.key = clips.word {where} ORDER BY clips.rowid
"""


class Profile:
    """The words of one person and the clips that show them.

    A call that changes something has changed it for good when it returns, also if the power fails
    the moment after; a call that raises has changed nothing. Several threads and processes may use
    one profile at a time.

    Args:
        folder: An existing profile.

    Raises:
        UserError: It is no profile, damaged, or of a newer version.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> folder = Path(tempfile.mkdtemp()) / "ann"
        >>> profile = Profile.create(folder, ProfileSettings(person="Ann"))
        >>> word = profile.add_word("water")
        >>> clip = MouthClip(frames=np.zeros((40, 88, 88), np.uint8), fps=25.0)
        >>> record = profile.add_clip("water", clip, source="camera")
        >>> [(word.text, word.num_clips) for word in Profile(folder).words()]
        [('water', 1)]
    """

    def __init__(self, folder: Path):
        self.folder = folder
        with reading(folder):
            pass
        sweep(folder)

    @classmethod
    def create(cls, folder: Path, settings: ProfileSettings) -> "Profile":
        """Make a profile without words.

        Raises:
            UserError: The folder exists and is not empty, or cannot be written to.
        """
        checked_text(settings.person, "name")
        with new_folder(folder) as unfinished:
            create_index(unfinished)
            with writing(unfinished) as index:
                write_settings(index, settings)
        return cls(folder)

    @property
    def settings(self) -> ProfileSettings:
        """As they are now."""
        with reading(self.folder) as index:
            rows = index.execute("SELECT name, value FROM settings").fetchall()
        # A setting that is younger than the profile has its default.
        content = dataclasses.asdict(ProfileSettings(person=""))
        content |= {name: json.loads(value) for name, value in rows}
        return config_from_json(ProfileSettings, content, f"settings of '{self.folder}'")

    def change_settings(self, settings: ProfileSettings) -> None:
        """Replace all settings."""
        checked_text(settings.person, "name")
        with writing(self.folder) as index:
            write_settings(index, settings)

    def words(self) -> list[WordRecord]:
        """All words, in the order in which they were added."""
        with reading(self.folder) as index:
            return [WordRecord(**row) for row in index.execute(_WORDS.format(where=""))]

    def word(self, text: str) -> WordRecord:
        """One word.

        Raises:
            UserError: There is no such word.
        """
        with reading(self.folder) as index:
            return _word(index, text)

    def add_word(self, text: str, *, spoken: str | None = None, note: str = "") -> WordRecord:
        """Add a word.

        Args:
            text: As it is shown.
            spoken: How it is spoken; None takes the text.
            note: For the helper.

        Raises:
            UserError: The word is there already, empty, too long, or has characters that cannot
                be shown.
        """
        text = checked_text(text)
        spoken = text if spoken is None else checked_text(spoken, "spoken form")
        with writing(self.folder) as index:
            with contextlib.suppress(_NoSuchWord):
                known = _word(index, text)
                raise UserError(
                    f"the word '{known.text}' is in the profile already, with "
                    f"{counted(known.num_clips, 'clip')}: add clips to it, or choose another text"
                )
            index.execute(
                "INSERT INTO words (key, text, spoken, note, added) VALUES (?, ?, ?, ?, ?)",
                (word_key(text), text, spoken, _storable(note), now()),
            )
            return _word(index, text)

    def add_words(self, entries: Iterable[WordEntry]) -> list[WordRecord]:
        """Add the words of a list that the profile does not have yet.

        Args:
            entries: The list (see :func:`read_word_list`); words that are there already stay as
                they are.

        Returns:
            The words that were added.

        Raises:
            UserError: The disk is full. The same call again adds the rest.
        """
        known = {word_key(word.text) for word in self.words()}
        added = []
        for entry in entries:
            if word_key(entry.text) not in known:
                added.append(self.add_word(entry.text, spoken=entry.spoken, note=entry.note))
                known.add(word_key(entry.text))
        return added

    def add_clip(
        self,
        word: str,
        clip: MouthClip,
        *,
        source: str,
        domain: Domain = "real",
        problems: tuple[str, ...] | list[str] = (),
        answer: AnswerRecord | None = None,
    ) -> ClipRecord:
        """Keep a clip of a word; when this returns, the disk has it.

        Args:
            word: A word of the profile.
            clip: One recording of it.
            source: Where it comes from.
            domain: Recorded or synthetic.
            problems: What the quality report says against it.
            answer: What had been answered to it, where the person said the word to somebody: the
                choice is noted and counts as a use. None: it was recorded to teach.

        Raises:
            UserError: There is no such word, the clip is longer than 12 seconds, the same recording
                is there already, or the disk is full. Nothing has changed then.
        """
        clip.require_one_word()
        identity = clip_id(clip)
        # The file is written while nobody else may write to the index, so that a clip file without
        # a row is always the rest of something interrupted (see sweeping.sweep).
        try:
            with writing(self.folder) as index:
                _refuse_known(index, identity)
                of = _word(index, word)
                record = ClipRecord(
                    id=identity,
                    word=of.text,
                    added=now(),
                    source=_storable(source),
                    domain=domain,
                    num_frames=len(clip.frames),
                    fps=clip.fps,
                    problems=tuple(problems),
                )
                insert_clip(index, record)
                if answer is not None:
                    choice = UsageRecord(
                        clip=identity,
                        word=of.text,
                        made=record.added,
                        was_known=of.num_clips > 0,
                        answer=answer,
                    )
                    insert_choice(index, choice)
                    _count_use(index, of)
                save_clip(clip_path(self.folder, identity), clip)
        except BaseException:
            with contextlib.suppress(UserError):  # a full disk may refuse even that
                sweep(self.folder)
            raise
        return record

    def clips(self, word: str | None = None) -> list[ClipRecord]:
        """The clips of a word, or all of them, in the order in which they were added.

        Raises:
            UserError: There is no such word.
        """
        with reading(self.folder) as index:
            if word is None:
                rows = index.execute(_CLIPS.format(where=""))
            else:
                key = word_key(_word(index, word).text)
                rows = index.execute(_CLIPS.format(where="WHERE word = ?"), (key,))
            return [_clip_record(row) for row in rows]

    def usage(self) -> list[UsageRecord]:
        """What was said in use, in the order in which it was chosen."""
        with reading(self.folder) as index:
            return read_choices(index)

    def load_clip(self, identity: str) -> MouthClip:
        """The frames of a clip.

        Raises:
            UserError: There is no such clip, or its file is damaged.
        """
        if identity not in {record.id for record in self.clips()}:
            raise UserError(f"no clip '{identity}' in the profile '{self.folder}'")
        return load_clip(clip_path(self.folder, identity))

    def labeled_clips(self) -> list[LabeledClip]:
        """All clips with their words, for learning and evaluation; the take is the clip's id."""
        person = self.settings.person
        return [
            LabeledClip(
                word=record.word,
                speaker=person,
                take=record.id,
                domain=record.domain,
                clip=load_clip(clip_path(self.folder, record.id)),
            )
            for record in self.clips()
        ]


class _NoSuchWord(UserError):
    pass


def _word(index: sqlite3.Connection, text: str) -> WordRecord:
    key = word_key(checked_text(text))
    row = index.execute(_WORDS.format(where="WHERE key = ?"), (key,)).fetchone()
    if row is None:
        raise _NoSuchWord(
            f"the profile has no word '{text}': 'videospace lipread info' lists its words"
        )
    return WordRecord(**row)


def _count_use(index: sqlite3.Connection, word: WordRecord) -> None:
    index.execute("UPDATE words SET num_uses = num_uses + 1 WHERE key = ?", (word_key(word.text),))


def _refuse_known(index: sqlite3.Connection, identity: str) -> None:
    known = index.execute(_CLIPS.format(where="WHERE id = ?"), (identity,)).fetchone()
    if known:
        raise UserError(
            f"this recording is in the profile already, as clip {identity} of "
            f"'{known['word']}': record the word once more"
        )


def _storable(text: str) -> str:
    """File names may hold bytes that are no text."""
    return text.encode(errors="replace").decode()


def _clip_record(row: sqlite3.Row) -> ClipRecord:
    return ClipRecord(**{**row, "problems": tuple(json.loads(row["problems"]))})


def insert_clip(index: sqlite3.Connection, record: ClipRecord) -> None:
    """Add the row of a clip."""
    values = dataclasses.asdict(record)
    values |= {"word": word_key(record.word), "problems": json.dumps(record.problems)}
    index.execute(
        "INSERT INTO clips VALUES "
        "(:id, :word, :added, :source, :domain, :num_frames, :fps, :problems)",
        values,
    )


def write_settings(index: sqlite3.Connection, settings: ProfileSettings) -> None:
    """Replace the rows of all settings."""
    rows = [(name, json.dumps(value)) for name, value in dataclasses.asdict(settings).items()]
    index.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", rows)


def now() -> str:
    """The time in UTC, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
