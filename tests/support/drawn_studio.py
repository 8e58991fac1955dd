"""A studio in this process, for tests of pages: it keeps the videos it receives, unread."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tests.support.drawn_faces import word_opening
from tests.support.studio_in_process import InProcessStudio

from videospace.lipreading.mouth.detectors import Finder
from videospace.lipreading.mouth.mouth_clip import MOUTH_SIZE, MouthClip
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.profile.storage.records import ProfileSettings
from videospace.studio.server.devices import RemoteAddress
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.uploads.recordings import MouthRecording, RecordingReader

FPS = 25


def mouth_clip(word: int, take: int = 0) -> MouthClip:
    """A drawn mouth that opens in the rhythm of a word, at rest before and after."""
    chance = np.random.default_rng([word, take])
    opening = np.concatenate([np.zeros(10), word_opening(word, 20), np.zeros(10)])
    rows, columns = np.mgrid[:MOUTH_SIZE, :MOUTH_SIZE] - MOUTH_SIZE / 2
    down = 3 + 22 * opening[:, None, None]
    inside = (rows / down) ** 2 + (columns / 30) ** 2 < 1
    gray = np.where(inside, 40.0, 150 + 20 * np.sin(columns / 9)) + chance.normal(
        0, 3, inside.shape
    )
    return MouthClip(frames=gray.clip(0, 255).astype(np.uint8), fps=float(FPS))


class DrawnReader(RecordingReader):
    """A reader that keeps each video, and returns the word that a test has chosen."""

    def __init__(self) -> None:
        self.videos: list[bytes] = []
        self.stills: list[bytes] = []
        self._num_read = 0  # of all tests: no recording is the same as one that another test kept
        self.reset()

    def reset(self, *, word: int = 0, mouths: Sequence[MouthPose] = ()) -> None:
        """Forget the videos and the choices of another test."""
        self.videos.clear()
        self.stills.clear()
        self.word, self.mouths, self.is_still = word, list(mouths), False
        self.problems: tuple[str, ...] = ()

    def read(self, content: bytes, finder: Finder) -> MouthRecording:
        """The chosen word, whatever the video shows."""
        self.videos.append(content)
        self._num_read += 1
        clip = mouth_clip(self.word, take=self._num_read)
        if self.is_still:
            clip = MouthClip(frames=clip.frames[:1].repeat(40, axis=0), fps=float(FPS))
        return clip, self.problems

    def look_ahead(self, upload: str, content: bytes, finder: Finder) -> None:
        """Nothing to find."""

    def find_mouths(self, still: bytes, finder: Finder) -> list[MouthPose]:
        """The chosen mouths, whatever the still shows."""
        self.stills.append(still)
        return self.mouths


class DrawnStudio(InProcessStudio):
    """The studio's pages over HTTP.

    Args:
        data: Folder of the profiles.
        persons: Names of the people, each of whom has taught two words.
        words: The two words.
        symbols: Folder of symbols for phrases, if any.
        remote: Where pages say that other devices find it.
    """

    def __init__(
        self,
        data: Path,
        persons: Sequence[str] = ("Ann",),
        symbols: Path | None = None,
        remote: RemoteAddress | None = None,
        words: Sequence[str] = ("water", "bread"),
    ):
        self.reader = DrawnReader()
        self.profiles = profiles = Profiles(data)
        for person in persons:
            profile = profiles.find(profiles.create(ProfileSettings(person=person)))
            for word, text in enumerate(words):
                profile.add_word(text)
                profile.add_clip(text, mouth_clip(word), source="studio")
        super().__init__(data, self.reader, symbols, remote)

    def forget_settings(self) -> None:
        """Let every person operate Talk as at the beginning."""
        self.set_talk()

    def set_talk(self, **changes: object) -> None:
        """Set how every person operates Talk, and nothing else."""
        text = json.dumps(changes)
        for identity in self.profiles.ids():
            profile = self.profiles.find(identity)
            profile.change_settings(dataclasses.replace(profile.settings, talk=text))
