"""Everything a running studio holds: its people, what listens to them, what learns."""

import dataclasses
import threading
from pathlib import Path

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.lipreading.adaptation.strategies import StrategyName
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.archive import export_profile
from videospace.lipreading.profile.deletion import delete_clip, delete_profile, delete_word
from videospace.lipreading.profile.model_selection import use_model
from videospace.lipreading.profile.models import current_model, models
from videospace.runtime.errors import UserError
from videospace.studio.server.jobs.training_job import Learner
from videospace.studio.server.sessions.profiles import NotThere, People
from videospace.studio.server.sessions.recognition_session import Heard, Listener
from videospace.studio.server.uploads.films import FilmReader

STRATEGY: StrategyName = "fusion+adapted"
"""What the studio trains."""


class House:
    """The studio behind its pages.

    Args:
        people: Whose words it knows.
        films: Reads recordings.
        settings: How to learn and to answer.
    """

    def __init__(self, people: People, films: FilmReader, settings: LearningSettings):
        self.people, self._films, self._settings = people, films, settings
        self._alone = threading.Lock()
        self._listeners: dict[str, tuple[Listener, Learner]] = {}

    def listener(self, person: str) -> Listener:
        """What listens to a person.

        Raises:
            NotThere: There is no such person.
        """
        return self._of(person)[0]

    def learner(self, person: str) -> Learner:
        """What learns a person's words.

        Raises:
            NotThere: There is no such person.
        """
        return self._of(person)[1]

    def hear(self, person: str, film: bytes, *, recognize: bool) -> Heard:
        """Read a film of a mouthed word, and recognize it.

        Raises:
            NotThere: There is no such person.
            UserError: The film cannot be read, or shows no face.
        """
        listener = self.listener(person)
        mouth = self._films.read(film, listener.profile.settings.finder)
        return listener.hear(mouth, recognize=recognize)

    def find_mouths(self, person: str, still: bytes) -> list[MouthPose]:
        """Find the mouths in a still, as they would be found in a film of the person.

        Raises:
            NotThere: There is no such person.
            UserError: The still cannot be read.
            BusyError: A film is being read.
        """
        return self._films.find_mouths(still, self.people.find(person).settings.finder)

    def train(self, person: str, minutes: float | None) -> None:
        """Begin to train on a person's words, at most so long.

        Raises:
            NotThere: There is no such person.
            UserError: There is no pretrained model, or a training is running.
        """
        listener, learner = self._of(person)
        if current_model(listener.profile, "encoder") is None:
            raise UserError(
                "there is no pretrained model, so there is nothing to train: words count at once "
                "(start the studio with --model to have one)"
            )
        seconds = None if minutes is None else 60 * minutes
        learner.start(STRATEGY, dataclasses.replace(self._settings, time_budget_seconds=seconds))

    def use_model(self, person: str, model: str) -> None:
        """Let a model of a person's history answer from now on.

        Raises:
            NotThere: There is no such model.
        """
        listener = self.listener(person)
        if model not in {record.id for record in models(listener.profile)}:
            raise NotThere("there is no such model: it may have made room for newer ones")
        use_model(listener.profile, model)
        listener.reopen()

    def export(self, person: str, path: Path) -> None:
        """Write a person's profile into one zip file.

        Raises:
            NotThere: There is no such person.
            UserError: The disk is full, or a clip is damaged.
        """
        export_profile(self.listener(person).profile, path)

    def delete_clip(self, person: str, clip: str) -> None:
        """Delete a clip for good.

        Raises:
            NotThere: There is no such clip.
        """
        listener = self.listener(person)
        if clip not in {record.id for record in listener.profile.clips()}:
            raise NotThere("there is no such recording: it may be deleted already")
        delete_clip(listener.profile, clip)
        listener.refresh()

    def delete_word(self, person: str, word: str) -> None:
        """Delete a word and its clips for good.

        Raises:
            NotThere: There is no such word.
        """
        listener = self.listener(person)
        if word not in {record.text for record in listener.profile.words()}:
            raise NotThere(f"there is no word '{word}': it may be deleted already")
        delete_word(listener.profile, word)
        listener.refresh()

    def delete_person(self, person: str) -> None:
        """Delete all that is known of a person, for good.

        Raises:
            NotThere: There is no such person.
            UserError: A training outside of the studio is running.
        """
        listener, learner = self._of(person)
        learner.stop()
        with self._alone:
            delete_profile(listener.profile.folder)
            del self._listeners[person]

    def _of(self, person: str) -> tuple[Listener, Learner]:
        profile = self.people.find(person)
        with self._alone:
            if person not in self._listeners:
                listener = Listener(profile, self._settings)
                self._listeners[person] = listener, Learner(profile, listener.reopen)
            return self._listeners[person]
