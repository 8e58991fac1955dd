"""One person's recogniser, kept open, and the recordings that wait for their word."""

import contextlib
import dataclasses
import threading
import uuid
from collections import OrderedDict

from videospace.lipreading.mouth.endpoints import find_movement
from videospace.lipreading.profile.clip_files import clip_id
from videospace.lipreading.profile.learning import open_recogniser
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ClipRecord
from videospace.lipreading.profile.word_text import checked_text, word_key
from videospace.lipreading.recogniser import Recogniser, Recognition
from videospace.lipreading.strategies import LearningSettings
from videospace.runtime.errors import UserError
from videospace.studio.films import Mouth
from videospace.studio.people import NotThere

MOST_WAITING = 64
"""Recordings that wait for their word; the oldest makes room."""
FEWEST_WORDS = 2
"""Words with a recording from which on there is something to tell apart."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Heard:
    """What became of a recording."""

    recording: str
    """Its id, by which it can be kept until others have taken its place."""
    recognition: Recognition | None
    """None where fewer than two words have a recording."""
    lips_moved: bool
    """Whether there is a movement in it that can be a word."""
    problems: tuple[str, ...]
    """What could be better about the recording."""


class Listener:
    """Recognises one person's words; what is kept counts from the next recording on.

    The recogniser is opened when it is first needed, and again when clips came or went by other
    ways than :meth:`keep`. Recordings are not on the disk before they are kept.

    Args:
        profile: The person's.
        settings: How to answer.
    """

    def __init__(self, profile: Profile, settings: LearningSettings):
        self.profile = profile
        self._settings = settings
        self._alone = threading.RLock()
        self._recogniser: Recogniser | None = None
        self._clips: frozenset[str] = frozenset()
        self._waiting: OrderedDict[str, Mouth] = OrderedDict()

    def hear(self, mouth: Mouth, *, num_words: int = 5, recognise: bool = True) -> Heard:
        """Take a recording, and say what it may be.

        Args:
            mouth: The recording.
            num_words: How many words to name.
            recognise: False where it is known what was said.

        Raises:
            UserError: The recording is too long.
        """
        clip, problems = mouth
        with self._alone:
            recogniser = self._open() if recognise else None
            recognition = None if recogniser is None else recogniser.recognise(clip, k=num_words)
            recording = uuid.uuid4().hex
            self._waiting[recording] = mouth
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
        return Heard(
            recording=recording,
            recognition=recognition,
            lips_moved=find_movement(clip) is not None,
            problems=problems,
        )

    def keep(self, recording: str, word: str, *, used: bool) -> ClipRecord:
        """Keep a recording as one of a word, which is added where it is new.

        Keeping the same recording once more changes nothing.

        Args:
            recording: Its id.
            word: What was said.
            used: Whether the person said it to somebody, and not to teach it.

        Raises:
            NotThere: The recording has been kept or dropped, or the studio was started anew.
            UserError: The word is none, the recording is kept as another one, or the disk is full.
        """
        with self._alone:
            if recording not in self._waiting:
                raise NotThere("the recording is no longer here: record it again")
            clip, problems = self._waiting[recording]
            known = {word_key(each.text): each.text for each in self.profile.words()}
            text = known.get(word_key(checked_text(word))) or self.profile.add_word(word).text
            identity = clip_id(clip)
            record = next((r for r in self.profile.clips(text) if r.id == identity), None)
            if record is None:
                record = self.profile.add_clip(text, clip, source="studio", problems=problems)
                if self._recogniser is not None:
                    self._recogniser.add(text, clip)
                    self._clips |= {record.id}
                if used:
                    self._count_use(text)
            del self._waiting[recording]
        return record

    def drop(self, recording: str) -> None:
        """Forget a recording that was not kept; one that is not there is forgotten already."""
        with self._alone, contextlib.suppress(KeyError):
            del self._waiting[recording]

    def reopen(self) -> None:
        """Open the recogniser anew, after training or other settings.

        The old one answers meanwhile, unless clips were deleted.
        """
        while True:
            clips = self._clips_now()
            opened = self._opened()
            with self._alone:
                if clips == self._clips_now():  # else some came or went while it was opened
                    self._recogniser, self._clips = opened, clips
                    return

    def refresh(self) -> None:
        """Begin to open the recogniser anew after clips were deleted, before it is needed.

        That takes seconds, and the next recording is still to be filmed.
        """
        if self._recogniser is not None:
            threading.Thread(target=self._refresh, daemon=True).start()

    def _refresh(self) -> None:
        with self._alone, contextlib.suppress(UserError):  # which the next recording will meet
            self._open()

    def _open(self) -> Recogniser | None:
        clips = self._clips_now()
        if self._recogniser is None or self._clips != clips:
            self._recogniser, self._clips = self._opened(), clips
        return self._recogniser

    def _opened(self) -> Recogniser | None:
        real = {clip.word for clip in self.profile.clips() if clip.domain == "real"}
        if len(real) < FEWEST_WORDS:
            return None
        return open_recogniser(self.profile, self._settings).recogniser

    def _clips_now(self) -> frozenset[str]:
        return frozenset(clip.id for clip in self.profile.clips())

    def _count_use(self, word: str) -> None:
        self.profile.count_use(word)
        if self._recogniser is not None:
            self._recogniser.count_use(word)
