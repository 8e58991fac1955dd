"""A person's profile: words, clips and settings in one folder, safe against crashes."""

import contextlib
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from videospace.lipreading.data.corpora import Domain, LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.storage.checks import UNSHOWABLE
from videospace.lipreading.profile.storage.clip_files import clip_id, load_clip, save_clip
from videospace.lipreading.profile.storage.folder import clean_up, clip_path, new_folder
from videospace.lipreading.profile.storage.records import (
    AnswerRecord,
    ClipRecord,
    ProfileSettings,
    UsageRecord,
    WordRecord,
    now,
)
from videospace.lipreading.profile.storage.store import NoSuchWordError, ProfileDatabase
from videospace.lipreading.profile.words import WordEntry, checked_text, word_key
from videospace.runtime.errors import UserError
from videospace.runtime.text import counted


class Profile:
    """The words of one person and the clips of them.

    Every change is atomic and durable: when a call returns, its change is on the disk, also if the
    power fails right after; when a call raises, nothing has changed. Several threads and processes
    may use one profile at the same time.

    Args:
        folder: The folder of an existing profile.

    Raises:
        UserError: The folder is not a profile.
        UnreadableProfile: The profile is damaged or of a newer version.

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
        with ProfileDatabase.reading(folder):
            pass
        clean_up(folder)

    @classmethod
    def create(cls, folder: Path, settings: ProfileSettings) -> "Profile":
        """Make a profile without words.

        Args:
            folder: A new or empty folder.
            settings: The settings of the profile.

        Raises:
            UserError: The folder exists and is not empty, or cannot be written to.
        """
        with new_folder(folder) as unfinished:
            ProfileDatabase.create(unfinished)
            with ProfileDatabase.writing(unfinished) as database:
                database.write_settings(settings)
        return cls(folder)

    def check(self) -> None:
        """Read everything but the files of clips and models.

        Raises:
            UnreadableProfile: The profile is damaged.
        """
        with ProfileDatabase.reading(self.folder) as database:
            database.check()

    @property
    def settings(self) -> ProfileSettings:
        """The current settings."""
        with ProfileDatabase.reading(self.folder) as database:
            return database.settings()

    def change_settings(self, settings: ProfileSettings) -> None:
        """Replace all settings.

        Raises:
            UserError: The disk is full.
        """
        with ProfileDatabase.writing(self.folder) as database:
            database.write_settings(settings)

    def update_settings(self, **changes: str | bool) -> ProfileSettings:
        """Change some settings; the others stay as they are now, whoever else changes them.

        Args:
            **changes: Fields of :class:`ProfileSettings`.

        Raises:
            UserError: The name of the person cannot be shown, or the disk is full.
        """
        with ProfileDatabase.writing(self.folder) as database:
            settings = dataclasses.replace(database.settings(), **changes)
            checked_text(settings.person, "name")
            database.write_settings(settings)
        return settings

    def words(self) -> list[WordRecord]:
        """All words, in the order in which they were added."""
        with ProfileDatabase.reading(self.folder) as database:
            return database.words()

    def word(self, text: str) -> WordRecord:
        """The record of one word, in any spelling of it.

        Raises:
            UserError: There is no such word.
        """
        with ProfileDatabase.reading(self.folder) as database:
            return database.word(text)

    def add_word(self, text: str, *, spoken: str | None = None, note: str = "") -> WordRecord:
        """Add a word.

        Args:
            text: The word as it is shown.
            spoken: How the word is spoken; None takes the text.
            note: A note for the helper.

        Raises:
            UserError: The profile has the word already, or the word is empty, too long, or has
                characters that cannot be shown.
        """
        text = checked_text(text)
        spoken = text if spoken is None else checked_text(spoken, "spoken form")
        with ProfileDatabase.writing(self.folder) as database:
            with contextlib.suppress(NoSuchWordError):
                known = database.word(text)
                raise UserError(
                    f"the word '{known.text}' is there already, with "
                    f"{counted(known.num_clips, 'recording')}: record it again, or choose another "
                    "text"
                )
            database.add_word(
                WordRecord(text=text, spoken=spoken, note=_storable(note), added=now())
            )
            return database.word(text)

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
        """Add a clip of a word; when this returns, the clip is on the disk.

        Args:
            word: A word of the profile.
            clip: A recording of the word.
            source: Where the clip comes from, such as a file name.
            domain: Whether the clip was recorded or is synthetic.
            problems: Problems that the quality report found.
            answer: The answer of the recognizer, where the person said the word in use: it is kept
                and counts as a use. None for a clip that was recorded for training.

        Raises:
            UserError: There is no such word, the clip is longer than 12 seconds, the profile
                has the same recording already, or the disk is full. Nothing has changed then.
        """
        clip.require_one_word()
        identity = clip_id(clip)
        # The file is written while nobody else may write to the index, so that a clip file without
        # a row is always the rest of something interrupted (see folder.clean_up).
        try:
            with ProfileDatabase.writing(self.folder) as database:
                _refuse_known(database, identity)
                of = database.word(word)
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
                database.add_clip(record)
                if answer is not None:
                    usage = UsageRecord(
                        clip=identity,
                        word=of.text,
                        made=record.added,
                        was_known=of.num_clips > 0,
                        answer=answer,
                    )
                    database.add_usage(usage)
                    database.count_use(of.text)
                save_clip(clip_path(self.folder, identity), clip)
        except BaseException:
            with contextlib.suppress(UserError):  # a full disk may refuse even that
                clean_up(self.folder)
            raise
        return record

    def clips(self, word: str | None = None) -> list[ClipRecord]:
        """The clips of a word, or all of them, in the order in which they were added.

        Raises:
            UserError: There is no such word.
        """
        with ProfileDatabase.reading(self.folder) as database:
            return database.clips(None if word is None else database.word(word).text)

    def usage(self) -> list[UsageRecord]:
        """What the person said in use and what was answered, oldest first."""
        with ProfileDatabase.reading(self.folder) as database:
            return database.usage()

    def load_clip(self, identity: str) -> MouthClip:
        """Load the frames of a clip.

        Raises:
            UserError: There is no such clip, or its file is damaged.
        """
        with ProfileDatabase.reading(self.folder) as database:
            record = database.clip(identity)
        if record is None:
            raise UserError(f"no clip '{identity}' in the profile '{self.folder}'")
        return load_recorded(self.folder, record)

    def labeled_clips(self) -> list[LabeledClip]:
        """Load all clips with their words, for training and evaluation."""
        person = self.settings.person
        return [
            LabeledClip(
                word=record.word,
                speaker=person,
                take=record.id,
                domain=record.domain,
                clip=load_recorded(self.folder, record),
            )
            for record in self.clips()
        ]


def _refuse_known(database: ProfileDatabase, identity: str) -> None:
    known = database.clip(identity)
    if known is not None:
        raise UserError(
            f"this very recording is there already, as one of '{known.word}': "
            "record the word once more"
        )


def load_recorded(folder: Path, record: ClipRecord) -> MouthClip:
    """Load the clip of a record.

    Args:
        folder: The profile.
        record: One of its clips.

    Raises:
        UserError: Its file is missing or damaged.
    """
    try:
        return load_clip(clip_path(folder, record.id), record.num_frames)
    except UserError as error:
        raise UserError(
            f"the recording {record.id} of '{record.word}', of {record.added}, cannot be read: "
            f"{error}: delete the recording, or restore its file from a copy"
        ) from error


def _storable(text: str) -> str:
    """Replace what is not text in the names of files, and what controls a terminal."""
    return UNSHOWABLE.sub("?", text)
