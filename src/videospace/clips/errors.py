"""What can be wrong with a source."""

from pathlib import Path

from videospace.runtime.errors import UserError


class UnreadableVideo(UserError):
    """A source that gives no frame; ``reason`` says why without naming it."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")
        self.reason = reason
