"""Films that show what a test wants them to show."""

from tests.support.said_words import mouth

from videospace.lipreading.mouth.detectors import Finder
from videospace.runtime.errors import UserError
from videospace.studio.server.uploads.films import FilmReader, Mouth


class StagedFilms(FilmReader):
    """Every film shows another mouth, and what is said against it."""

    def __init__(self) -> None:
        self.problems: tuple[str, ...] = ()
        self.refusal: str | None = None
        self._num_read = 0

    def read(self, content: bytes, finder: Finder) -> Mouth:
        """Without looking into the film."""
        if self.refusal:
            raise UserError(self.refusal)
        self._num_read += 1
        return mouth(10_000 + self._num_read), self.problems
