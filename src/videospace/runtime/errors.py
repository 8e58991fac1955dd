"""The errors that a user is meant to read."""

from pathlib import Path


class UserError(ValueError):
    """A mistake that a user can put right: the message says what was expected and what was found.

    The command line prints it as one line and exits with status 2, without a traceback.

    Example:
        >>> raise UserError("expected a clip store, but 'films' has no store.json")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a clip store, but 'films' has no store.json
    """


class BusyError(UserError):
    """The server or file is in use; the same call may succeed later."""


class AlreadyReportedError(UserError):
    """Another process of the run has reported the error, so this process prints nothing."""


class UnreadableVideo(UserError):
    """A video cannot be decoded.

    Args:
        path: The video, as the user named it.
        reason: Why, in a few words that do not repeat the path; kept as an attribute.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")
        self.reason = reason
