"""The open recognizer of a profile, and the recordings whose word is not chosen yet."""

import contextlib
import dataclasses
import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.mouth.endpoints import find_movement
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.learning import ProfileRecognizer, open_recognizer
from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.clip_files import clip_id
from videospace.lipreading.profile.storage.records import AnswerRecord, ClipRecord
from videospace.lipreading.profile.usage.speaking import sentence_model
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.lipreading.recognition.recognizer import Recognition
from videospace.lipreading.recognition.sentence_model import rerank
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound
from videospace.studio.server.uploads.recordings import MouthRecording

MAX_PENDING = 64
"""Recordings whose word is not chosen yet; a new one beyond that replaces the oldest."""
MIN_WORDS = 2
"""Words with a recording that recognition needs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recognized:
    """A recording and the words that it may show."""

    recording: str
    """Id of the recording, with which it can be kept until newer recordings replace it."""
    recognition: Recognition | None
    """The likeliest words; None if fewer than two words have a recording, or the lips never
    move."""
    others: tuple[str, ...]
    """All other words of the profile, the likeliest first; at the end those without a recording."""
    lips_moved: bool
    """Whether the recording shows a movement that can be a word."""
    problems: tuple[str, ...]
    """What could be better about the recording."""


class _Pending(NamedTuple):
    mouth: MouthRecording
    answer: AnswerRecord


class RecognitionSession:
    """Recognizes the words of one profile. A recording that is kept counts from the next one on.

    The recognizer is opened on its first use. It is opened again if clips were added or deleted
    by other ways than :meth:`keep`, or got other words, or if another program trained or chose a
    model. A recording
    is not written to the disk before it is kept.

    Args:
        profile: The profile.
        settings: How to recognize.
    """

    def __init__(self, profile: Profile, settings: LearningSettings):
        self.profile = profile
        self._settings = settings
        self._lock = threading.RLock()
        self._reopening = threading.Lock()
        self._opened: ProfileRecognizer | None = None
        self._clips: frozenset[tuple[str, str]] = frozenset()  # ids and words of the clips in it
        self._pending: OrderedDict[str, _Pending] = OrderedDict()

    def add_recording(
        self,
        mouth: MouthRecording,
        *,
        num_words: int = 5,
        recognize: bool = True,
        before: Sequence[str] = (),
    ) -> Recognized:
        """Add a recording and recognize it. One in which the lips never move has no answer.

        Args:
            mouth: The recording.
            num_words: How many words to return.
            recognize: False if the word is known.
            before: The sentence so far, which counts where the profile wants it.

        Raises:
            UserError: The recording is too long.
        """
        clip, problems = mouth
        recognition, answer = None, AnswerRecord()
        ranked: list[str] = []
        lips_moved = find_movement(clip) is not None
        with self._lock:
            opened = self._open() if recognize and lips_moved else None
            if opened is not None:
                every = opened.recognizer.recognize(clip, k=len(opened.recognizer.words))
                if self.profile.settings.context:
                    every = self._in_context(every, before)
                recognition, ranked = _first(every, num_words), every.words
                answer = opened.record_of(recognition)
            recording = uuid.uuid4().hex
            self._pending[recording] = _Pending(mouth, answer)
            while len(self._pending) > MAX_PENDING:
                self._pending.popitem(last=False)
        if opened is not None:
            self._follow_model_changes(opened)
        return Recognized(
            recording=recording,
            recognition=recognition,
            others=self._others(ranked, num_words) if recognize else (),
            lips_moved=lips_moved,
            problems=problems,
        )

    def _in_context(self, found: Recognition, before: Sequence[str]) -> Recognition:
        """Rank the words also by what the person said in such sentences before."""
        model = sentence_model(self.profile)
        words = [word_key(word) for word in found.words]
        return rerank(found, model.probabilities([word_key(word) for word in before], words))

    def keep(self, recording: str, word: str, *, used: bool) -> ClipRecord:
        """Keep a recording as one of a word; a new word is added to the profile.

        Keeping the same recording again changes nothing.

        Args:
            recording: Id of the recording.
            word: What was said.
            used: True if the word was said to somebody, False if it was said to teach it.

        Raises:
            NotFound: The recording was kept or dropped before, or the studio was restarted.
            UserError: The word is not valid, the lips never move in the recording, it is kept as
                another word, or the disk is full.
        """
        with self._lock:
            if recording not in self._pending:
                raise NotFound(Message("the recording is no longer here: record it again"))
            (clip, problems), answer = self._pending[recording]
            if find_movement(clip) is None:
                raise UserError(
                    Message(
                        "I saw no movement of the lips, so there is no word to learn: "
                        "mouth the word again"
                    )
                )
            known = {word_key(each.text): each.text for each in self.profile.words()}
            text = known.get(word_key(checked_text(word))) or self.profile.add_word(word).text
            identity = clip_id(clip)
            record = next((r for r in self.profile.clips(text) if r.id == identity), None)
            if record is None:
                record = self.profile.add_clip(
                    text, clip, source="studio", problems=problems, answer=answer if used else None
                )
                self._add_to_recognizer(record, clip, used=used)
            del self._pending[recording]
        return record

    def drop(self, recording: str) -> None:
        """Forget a recording that was not kept. An unknown id is ignored."""
        with self._lock, contextlib.suppress(KeyError):
            del self._pending[recording]

    def reopen(self) -> None:
        """Open the recognizer again, after training or other settings.

        The old one recognizes until then, unless clips were deleted.
        """
        with self._reopening:
            while True:
                opened, clips = self._opened_with_clips()
                with self._lock:
                    if clips == self._current_clips():  # none was added or deleted meanwhile
                        self._opened, self._clips = opened, clips
                        return

    def refresh(self) -> None:
        """Open the recognizer again in the background, after clips or words were changed.

        That takes seconds, so it starts before the next recording comes.
        """
        if self._opened is not None:
            threading.Thread(target=self._refresh, daemon=True).start()

    def _refresh(self) -> None:
        with self._lock, contextlib.suppress(UserError):  # the next recording raises it again
            self._open()

    def _follow_model_changes(self, opened: ProfileRecognizer) -> None:
        """Open in the background the model that another program trained or chose, if any."""
        with contextlib.suppress(UserError):
            strategy, model = current_selection(self.profile)
            is_new = (opened.strategy, opened.model) != (strategy, model and model.id)
            if is_new and not self._reopening.locked():
                threading.Thread(target=self._reopen_quietly, daemon=True).start()

    def _reopen_quietly(self) -> None:
        with contextlib.suppress(UserError):  # the old one stays
            self.reopen()

    def _open(self) -> ProfileRecognizer | None:
        if self._opened is None or self._clips != self._current_clips():
            self._opened, self._clips = self._opened_with_clips()
        return self._opened

    def _opened_with_clips(
        self,
    ) -> tuple[ProfileRecognizer | None, frozenset[tuple[str, str]]]:
        """A recognizer of the present clips, and their ids and words."""
        while True:
            clips = self._current_clips()
            try:
                return self._opened_recognizer(), clips
            except UserError:
                if clips == self._current_clips():  # otherwise one was deleted while it was read
                    raise

    def _opened_recognizer(self) -> ProfileRecognizer | None:
        real = {clip.word for clip in self.profile.clips() if clip.domain == "real"}
        if len(real) < MIN_WORDS:
            return None
        return open_recognizer(self.profile, self._settings)

    def _add_to_recognizer(self, record: ClipRecord, clip: MouthClip, *, used: bool) -> None:
        """Add a kept clip to the recognizer, if one is open."""
        if self._opened is None:
            return
        self._opened.recognizer.add(record.word, clip)
        self._clips |= {(record.id, record.word)}
        if used:
            self._opened.recognizer.count_use(record.word)

    def _others(self, ranked: list[str], num_guesses: int) -> tuple[str, ...]:
        """The ranked words after the guesses, and then those that the recognizer does not know."""
        every = dict.fromkeys([*ranked, *(word.text for word in self.profile.words())])
        return tuple(every)[len(ranked[:num_guesses]) :]

    def _current_clips(self) -> frozenset[tuple[str, str]]:
        return frozenset((clip.id, clip.word) for clip in self.profile.clips())


def _first(recognition: Recognition, num_words: int) -> Recognition:
    return dataclasses.replace(
        recognition,
        words=recognition.words[:num_words],
        probabilities=recognition.probabilities[:num_words],
    )
