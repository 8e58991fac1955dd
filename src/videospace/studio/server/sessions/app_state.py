"""The state of a running studio: its profiles, and an open recognizer and a training for each."""

import contextlib
import dataclasses
import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.adaptation.strategies import StrategyName
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.archive import export_profile
from videospace.lipreading.profile.deletion import delete_clip, delete_profile, delete_word
from videospace.lipreading.profile.editing import change_word, move_clip
from videospace.lipreading.profile.model_selection import use_model
from videospace.lipreading.profile.models import current_model, models
from videospace.lipreading.profile.storage.damage import export_as_it_is
from videospace.lipreading.profile.storage.records import ClipRecord, WordRecord, now
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound
from videospace.studio.server.jobs.report_job import ReportJob
from videospace.studio.server.jobs.training_job import TrainingJob
from videospace.studio.server.sessions.caregiver_locks import CaregiverLocks
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.sessions.recognition_session import RecognitionSession, Recognized
from videospace.studio.server.uploads.partial_uploads import PartialUploads
from videospace.studio.server.uploads.recordings import RecordingReader

STRATEGY: StrategyName = "fusion+adapted"
"""The strategy that the studio trains."""


class _Opened(NamedTuple):
    recognition: RecognitionSession
    training: TrainingJob
    report: ReportJob


class AppState:
    """Everything that the requests about profiles share.

    Args:
        profiles: The profiles.
        reader: Reads recordings.
        settings: How to train and to recognize.
    """

    def __init__(self, profiles: Profiles, reader: RecordingReader, settings: LearningSettings):
        self.profiles, self._reader, self._settings = profiles, reader, settings
        self._uploads = PartialUploads()
        self._lock = threading.Lock()
        self._open: dict[str, _Opened] = {}
        self.locks = CaregiverLocks()

    def recognition(self, profile_id: str) -> RecognitionSession:
        """The recognition session of a profile.

        Raises:
            NotFound: There is no such profile.
        """
        return self._opened(profile_id).recognition

    def training(self, profile_id: str) -> TrainingJob:
        """The training job of a profile.

        Raises:
            NotFound: There is no such profile.
        """
        return self._opened(profile_id).training

    def report(self, profile_id: str) -> ReportJob:
        """The evaluation report of a profile.

        Raises:
            NotFound: There is no such profile.
        """
        return self._opened(profile_id).report

    def add_recording(
        self,
        profile_id: str,
        content: bytes,
        *,
        recognize: bool,
        before: Sequence[str] = (),
    ) -> Recognized:
        """Read a recording of a mouthed word and recognize it.

        Args:
            profile_id: The profile.
            content: A WebM or MP4 file.
            recognize: False if the word is known and the recording need only be read.
            before: The sentence so far.

        Raises:
            NotFound: There is no such profile.
            UserError: The recording cannot be read, or shows no face.
        """
        recognition = self.recognition(profile_id)
        mouth = self._reader.read(content, recognition.profile.settings.finder)
        return recognition.add_recording(mouth, recognize=recognize, before=before)

    def add_piece(
        self, profile_id: str, upload: str, start: int, piece: bytes
    ) -> Callable[[], None]:
        """Add a piece of a recording that is still being made.

        Args:
            profile_id: The profile.
            upload: The page's name for the recording.
            start: Number of bytes before the piece.
            piece: The piece.

        Returns:
            A function that searches the mouth in what has arrived. It takes a while.

        Raises:
            NotFound: There is no such profile, or a piece is missing.
        """
        finder = self.profiles.find(profile_id).settings.finder
        key = f"{profile_id}/{upload}"
        content = self._uploads.append(key, start, piece)
        return functools.partial(self._reader.look_ahead, key, content, finder)

    def take_pieces(self, profile_id: str, upload: str, num_bytes: int) -> bytes:
        """Take what has arrived of a recording.

        Raises:
            NotFound: Not all of it is here.
        """
        return self._uploads.take(f"{profile_id}/{upload}", num_bytes)

    def find_mouths(self, profile_id: str, still: bytes) -> list[MouthPose]:
        """Find the mouths in a still as they would be found in a recording.

        Raises:
            NotFound: There is no such profile.
            UserError: The still cannot be read.
            BusyError: A recording is being read.
        """
        return self._reader.find_mouths(still, self.profiles.find(profile_id).settings.finder)

    def train(self, profile_id: str, minutes: float | None) -> None:
        """Start to train on the words of a profile.

        Args:
            profile_id: The profile.
            minutes: Time limit. None: no limit.

        Raises:
            NotFound: There is no such profile.
            UserError: There is no pretrained model, or a training is running.
        """
        opened = self._opened(profile_id)
        recognition, training = opened.recognition, opened.training
        if current_model(recognition.profile, "encoder") is None:
            raise UserError(
                Message(
                    "there is no pretrained model, so there is nothing to train: words count at "
                    "once (start the studio with --model to have one)"
                )
            )
        seconds = None if minutes is None else 60 * minutes
        training.start(STRATEGY, dataclasses.replace(self._settings, time_budget_seconds=seconds))

    def use_model(self, profile_id: str, model: str) -> None:
        """Recognize with a model of the profile's history from now on.

        Raises:
            NotFound: There is no such model.
        """
        recognition = self.recognition(profile_id)
        if model not in {record.id for record in models(recognition.profile)}:
            raise NotFound(Message("there is no such model: newer ones may have replaced it"))
        use_model(recognition.profile, model)
        recognition.reopen()

    def export(self, profile_id: str, path: Path) -> None:
        """Write a profile into one zip file.

        Raises:
            NotFound: There is no such profile.
            UserError: The disk is full, or a clip is damaged.
        """
        profile = self.recognition(profile_id).profile
        export_profile(profile, path)
        with contextlib.suppress(UserError):  # a full disk still lets the file be saved elsewhere
            profile.update_settings(backed_up=now())

    def export_as_it_is(self, profile_id: str, path: Path) -> None:
        """Write the files of a profile, which may be damaged, into one zip file.

        Raises:
            NotFound: There is no such profile.
            UserError: The disk is full.
        """
        export_as_it_is(self.profiles.folder_of(profile_id), path)

    def change_word(
        self, profile_id: str, word: str, *, new_text: str | None, spoken: str | None
    ) -> WordRecord:
        """Rename a word, or change how it is spoken.

        Raises:
            NotFound: There is no such word.
            UserError: Another word has the new text, or a text is not valid.
        """
        recognition = self.recognition(profile_id)
        _require_word(recognition, word)
        changed = change_word(recognition.profile, word, new_text=new_text, spoken=spoken)
        recognition.refresh()
        return changed

    def move_clip(self, profile_id: str, clip: str, word: str) -> ClipRecord:
        """Make a clip one of another word.

        Raises:
            NotFound: There is no such clip or word.
        """
        recognition = self.recognition(profile_id)
        _require_clip(recognition, clip)
        _require_word(recognition, word)
        moved = move_clip(recognition.profile, clip, word)
        recognition.refresh()
        return moved

    def find_clip(self, profile_id: str, clip: str) -> ClipRecord:
        """The record of a clip.

        Raises:
            NotFound: There is no such clip.
        """
        return _require_clip(self.recognition(profile_id), clip)

    def load_clip(self, profile_id: str, clip: str) -> MouthClip:
        """The frames of a clip.

        Raises:
            NotFound: There is no such clip.
            UserError: Its file is damaged.
        """
        recognition = self.recognition(profile_id)
        _require_clip(recognition, clip)
        return recognition.profile.load_clip(clip)

    def delete_clip(self, profile_id: str, clip: str) -> None:
        """Delete a clip for good.

        Raises:
            NotFound: There is no such clip.
        """
        recognition = self.recognition(profile_id)
        _require_clip(recognition, clip)
        delete_clip(recognition.profile, clip)
        recognition.refresh()

    def delete_word(self, profile_id: str, word: str) -> None:
        """Delete a word and its clips for good.

        Raises:
            NotFound: There is no such word.
        """
        recognition = self.recognition(profile_id)
        _require_word(recognition, word)
        delete_word(recognition.profile, word)
        recognition.refresh()

    def delete_profile(self, profile_id: str) -> None:
        """Delete a profile with all its words, clips and models, for good; also a damaged one.

        Raises:
            NotFound: There is no such profile.
            UserError: Another program is training on the profile.
        """
        folder = self.profiles.folder_of(profile_id)
        with self._lock:
            opened = self._open.get(profile_id)
        if opened is not None:
            opened.training.stop()
        with self._lock:
            delete_profile(folder)
            self._open.pop(profile_id, None)

    def _opened(self, profile_id: str) -> "_Opened":
        profile = self.profiles.find(profile_id)
        with self._lock:
            if profile_id not in self._open:
                recognition = RecognitionSession(profile, self._settings)
                self._open[profile_id] = _Opened(
                    recognition,
                    TrainingJob(profile, recognition.reopen),
                    ReportJob(profile, self._settings),
                )
            return self._open[profile_id]


def _require_clip(recognition: RecognitionSession, clip: str) -> ClipRecord:
    for record in recognition.profile.clips():
        if record.id == clip:
            return record
    raise NotFound(Message("there is no such recording: it may be deleted already"))


def _require_word(recognition: RecognitionSession, word: str) -> None:
    if word not in {record.text for record in recognition.profile.words()}:
        raise NotFound(Message("there is no word '{word}': it may be deleted already", word=word))
