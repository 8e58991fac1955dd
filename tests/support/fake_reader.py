"""A reader of recordings whose answers a test chooses."""

from tests.support.used_profile import mouth

from videospace.lipreading.mouth.detectors import Finder
from videospace.runtime.errors import UserError
from videospace.studio.server.uploads.recordings import MouthRecording, RecordingReader


class FakeReader(RecordingReader):
    """Returns a new mouth for each video, with the problems that a test has chosen."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self.refusal: str | None = None
        self._num_read = 0

    def look_ahead(self, upload: str, content: bytes, finder: Finder) -> None:
        """Nothing to find."""

    def read(self, content: bytes, finder: Finder) -> MouthRecording:
        """The next mouth, whatever the video shows."""
        if self.refusal:
            raise UserError(self.refusal)
        self._num_read += 1
        return mouth(10_000 + self._num_read), self.problems
