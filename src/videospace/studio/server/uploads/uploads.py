"""Bodies of requests: their types, limits of size and time, and how uploads are received."""

import dataclasses
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

from videospace.runtime.messages import Message

JSON_BYTES, JSON_SECONDS = 2**16, 10.0
"""Limits of a body that is not an upload."""
TOO_LARGE = Message("this file is too large for the studio: choose a smaller one")
TOO_SLOW = Message("the request took too long: try again")
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Upload:
    """A kind of upload."""

    types: tuple[str, ...]
    """Content types."""
    max_bytes: int
    """The largest allowed size."""
    max_seconds: float = 120.0
    """The longest time that it may take to arrive."""

    @property
    def description(self) -> dict[str, Any]:
        """The request body of the OpenAPI description."""
        return {"requestBody": {"required": True, "content": _binary(self.types)}}


VIDEO = Upload(types=("video/webm", "video/mp4", "video/quicktime"), max_bytes=32 * 2**20)
STILL = Upload(types=("image/jpeg",), max_bytes=2**20)
SOUND = Upload(
    types=(
        "audio/webm", "audio/mp4", "audio/ogg", "audio/wav", "audio/x-wav", "audio/flac",
        "audio/x-flac", "audio/mpeg", "audio/x-m4a",
    ),
    max_bytes=8 * 2**20,
)  # fmt: skip
PICTURE = Upload(types=("image/jpeg", "image/png", "image/webp", "image/gif"), max_bytes=16 * 2**20)
ARCHIVE = Upload(types=("application/zip",), max_bytes=2**30)


def body_limits(content_type: str) -> tuple[int, float]:
    """The largest size in bytes, and the longest time in seconds, of a body of this type.

    Example:
        >>> body_limits("application/json")
        (65536, 10.0)
    """
    kind = _without_parameters(content_type)
    for upload in (VIDEO, PICTURE, SOUND, ARCHIVE):
        if kind in upload.types:
            return upload.max_bytes, upload.max_seconds
    return JSON_BYTES, JSON_SECONDS


def file_answer(*types: str) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of an answer that is a file of one of these content types."""
    return {200: {"content": _binary(types)}}


async def read_body(request: Request, kind: Upload, use: Callable[[bytes], Result]) -> Result:
    """Read a small upload into memory and call a function with it in another thread.

    Raises:
        HTTPException: The upload has another content type (415).
    """
    content = b"".join([chunk async for chunk in _chunks(request, kind)])
    return await run_in_threadpool(use, content)


async def save_body(request: Request, kind: Upload, use: Callable[[Path], Result]) -> Result:
    """Save a large upload in a temporary file and call a function with its path.

    Raises:
        HTTPException: The upload has another content type (415).
    """
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        async for chunk in _chunks(request, kind):
            file.write(chunk)
        file.flush()
        return await run_in_threadpool(use, Path(file.name))


async def _chunks(request: Request, kind: Upload) -> AsyncIterator[bytes]:
    given = _without_parameters(request.headers.get("content-type", ""))
    if given not in kind.types:
        raise HTTPException(
            415,
            Message(
                "this kind of file does not fit here: expected {kinds}, got {given}",
                kinds=", ".join(kind.types),
                given=given or "–",
            ),
        )
    num_bytes = 0
    async for chunk in request.stream():
        num_bytes += len(chunk)
        if num_bytes > kind.max_bytes:  # other kinds of the same content type may be larger
            raise HTTPException(413, TOO_LARGE)
        yield chunk


def _binary(types: tuple[str, ...]) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}


def _without_parameters(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
