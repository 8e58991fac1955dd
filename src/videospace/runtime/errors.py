"""Errors that are shown to the user without a traceback."""

import os
from collections.abc import Iterable

from videospace.runtime.messages import Message
from videospace.runtime.text import escaped


class UserError(ValueError):
    r"""A mistake that a user can put right: the message says what was expected and what was found.

    The command line prints it as one line and exits with status 2, without a traceback. A message
    often quotes names from files of others, so characters that control a terminal are escaped.

    Example:
        >>> raise UserError("expected a clip store, but 'videos' has no store.json")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: expected a clip store, but 'videos' has no store.json
        >>> print(UserError("expected a word, got '\x1b[2J'"))
        expected a word, got '\x1b[2J'
    """

    def __init__(self, message: str) -> None:
        super().__init__(Message.changed(message, escaped))


class BusyError(UserError):
    """The server or file is in use; the same call may succeed later."""


class CannotWriteError(UserError):
    """A file or folder cannot be written: the disk is full, or writing is not allowed."""


class AlreadyReportedError(UserError):
    """Another process of the run has reported the error, so this process prints nothing."""


class UnreadableVideo(UserError):
    """A video cannot be decoded.

    Args:
        path: The video, as the user named it.
        reason: Why, in a few words that do not repeat the path; kept as an attribute.
    """

    def __init__(self, path: os.PathLike[str] | str, reason: str) -> None:
        super().__init__(f"cannot read {path}: {reason}")
        self.reason = reason


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """The end of an error about an unknown name: the most similar names, or nothing.

    Example:
        >>> did_you_mean("balls-1", ["ball-1", "ball-2", "digit"])
        '; did you mean ball-1, ball-2?'
        >>> did_you_mean("x", ["ball-1"])
        ''
    """
    import difflib

    nearest = difflib.get_close_matches(name, list(names), n=3, cutoff=0.3)
    return f"; did you mean {', '.join(nearest)}?" if nearest else ""
