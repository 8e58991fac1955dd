"""One person's recognizer, kept open, and the recordings that wait for their word."""

import contextlib
import dataclasses
import threading
import uuid
from collections import OrderedDict
from typing import NamedTuple

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.mouth.endpoints import find_movement
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.clip_files import clip_id
from videospace.lipreading.profile.learning import ProfileRecognizer, open_recognizer
from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import AnswerRecord, ClipRecord
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.lipreading.recognition.recognizer import Recognition
from videospace.runtime.errors import UserError
from videospace.studio.server.sessions.profiles import NotThere
from videospace.studio.server.uploads.films import Mouth

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


class _Waiting(NamedTuple):
    mouth: Mouth
    answer: AnswerRecord


class Listener:
    """Recognizes one person's words; what is kept counts from the next recording on.

    The recognizer is opened when it is first needed, and again when clips came or went by other
    ways than :meth:`keep`, or another program trained or chose a model. Recordings are not on the
    disk before they are kept.

    Args:
        profile: The person's.
        settings: How to answer.
    """

    def __init__(self, profile: Profile, settings: LearningSettings):
        self.profile = profile
        self._settings = settings
        self._alone = threading.RLock()
        self._reopening = threading.Lock()
        self._opened: ProfileRecognizer | None = None
        self._clips: frozenset[str] = frozenset()
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def hear(self, mouth: Mouth, *, num_words: int = 5, recognize: bool = True) -> Heard:
        """Take a recording, and say what it may be.

        Args:
            mouth: The recording.
            num_words: How many words to name.
            recognize: False where it is known what was said.

        Raises:
            UserError: The recording is too long.
        """
        clip, problems = mouth
        recognition, answer = None, AnswerRecord()
        with self._alone:
            opened = self._open() if recognize else None
            if opened is not None:
                recognition = opened.recognizer.recognize(clip, k=num_words)
                answer = opened.record_of(recognition)
            recording = uuid.uuid4().hex
            self._waiting[recording] = _Waiting(mouth, answer)
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
        if opened is not None:
            self._catch_up_with_models(opened)
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
            (clip, problems), answer = self._waiting[recording]
            known = {word_key(each.text): each.text for each in self.profile.words()}
            text = known.get(word_key(checked_text(word))) or self.profile.add_word(word).text
            identity = clip_id(clip)
            record = next((r for r in self.profile.clips(text) if r.id == identity), None)
            if record is None:
                record = self.profile.add_clip(
                    text, clip, source="studio", problems=problems, answer=answer if used else None
                )
                self._learn(record, clip, used=used)
            del self._waiting[recording]
        return record

    def drop(self, recording: str) -> None:
        """Forget a recording that was not kept; one that is not there is forgotten already."""
        with self._alone, contextlib.suppress(KeyError):
            del self._waiting[recording]

    def reopen(self) -> None:
        """Open the recognizer anew, after training or other settings.

        The old one answers meanwhile, unless clips were deleted.
        """
        with self._reopening:
            while True:
                opened, clips = self._opened_now()
                with self._alone:
                    if clips == self._clips_now():  # else some came or went while it was opened
                        self._opened, self._clips = opened, clips
                        return

    def refresh(self) -> None:
        """Begin to open the recognizer anew after clips were deleted, before it is needed.

        That takes seconds, and the next recording is still to be filmed.
        """
        if self._opened is not None:
            threading.Thread(target=self._refresh, daemon=True).start()

    def _refresh(self) -> None:
        with self._alone, contextlib.suppress(UserError):  # which the next recording will meet
            self._open()

    def _catch_up_with_models(self, opened: ProfileRecognizer) -> None:
        """Begin to open the model that another program trained or chose for the next recordings."""
        with contextlib.suppress(UserError):
            strategy, model = current_selection(self.profile)
            is_new = (opened.strategy, opened.model) != (strategy, model and model.id)
            if is_new and not self._reopening.locked():
                threading.Thread(target=self._reopen_quietly, daemon=True).start()

    def _reopen_quietly(self) -> None:
        with contextlib.suppress(UserError):  # the old one goes on
            self.reopen()

    def _open(self) -> ProfileRecognizer | None:
        if self._opened is None or self._clips != self._clips_now():
            self._opened, self._clips = self._opened_now()
        return self._opened

    def _opened_now(self) -> tuple[ProfileRecognizer | None, frozenset[str]]:
        """A recognizer of the clips there are, and their ids."""
        while True:
            clips = self._clips_now()
            try:
                return self._opened_anew(), clips
            except UserError:
                if clips == self._clips_now():  # else one was deleted while they were read
                    raise

    def _opened_anew(self) -> ProfileRecognizer | None:
        real = {clip.word for clip in self.profile.clips() if clip.domain == "real"}
        if len(real) < FEWEST_WORDS:
            return None
        return open_recognizer(self.profile, self._settings)

    def _learn(self, record: ClipRecord, clip: MouthClip, *, used: bool) -> None:
        """Take what was kept into account, where a recognizer is open."""
        if self._opened is None:
            return
        self._opened.recognizer.add(record.word, clip)
        self._clips |= {record.id}
        if used:
            self._opened.recognizer.count_use(record.word)

    def _clips_now(self) -> frozenset[str]:
        return frozenset(clip.id for clip in self.profile.clips())
