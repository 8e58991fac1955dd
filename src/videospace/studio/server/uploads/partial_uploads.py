"""Recordings that arrive in pieces while they are made, so that they are here when they end."""

import threading
from collections import OrderedDict

from videospace.runtime.messages import Message
from videospace.studio.server.errors import NotFound
from videospace.studio.server.uploads.uploads import VIDEO

MISSING = Message("a piece of the recording is missing: send all of it")
MAX_UPLOADS = 24
"""Recordings that arrive at a time; a new one beyond that replaces the oldest."""


class PartialUploads:
    """The pieces of recordings that are still being made.

    A page that is told that a piece is missing sends the whole recording at its end.

    Example:
        >>> uploads = PartialUploads()
        >>> uploads.append("a", 0, b"the begin")
        b'the begin'
        >>> uploads.take("a", 9) + b"ning"
        b'the beginning'
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def append(self, upload: str, start: int, piece: bytes) -> bytes:
        """Add a piece, and return all that has arrived.

        Args:
            upload: Key of the recording.
            start: Number of bytes before the piece; 0 begins a recording.
            piece: The piece.

        Raises:
            NotFound: The pieces before it are not here, or all of them are too large.
        """
        with self._lock:
            before = self._contents.pop(upload, b"")
            if len(before) != start or start + len(piece) > VIDEO.max_bytes:
                raise NotFound(MISSING)
            self._contents[upload] = before + piece
            while len(self._contents) > MAX_UPLOADS:
                self._contents.popitem(last=False)
            return before + piece

    def take(self, upload: str, num_bytes: int) -> bytes:
        """Return what has arrived of a recording, and forget it.

        Args:
            upload: Key of the recording.
            num_bytes: Size of what the page has sent.

        Raises:
            NotFound: Not all of it is here.
        """
        with self._lock:
            content = self._contents.pop(upload, b"")
        if len(content) != num_bytes:
            raise NotFound(MISSING)
        return content
