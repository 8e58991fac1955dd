"""Bodies: how large and slow that of a request may be, what becomes of uploads, and files."""

import dataclasses
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

JSON_BYTES, JSON_SECONDS = 2**16, 10.0
"""Of a request that is no upload."""
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Upload:
    """A kind of upload."""

    types: tuple[str, ...]
    """Its content types."""
    most_bytes: int
    """How large it may be."""
    most_seconds: float = 120.0
    """In which it has to arrive."""

    @property
    def description(self) -> dict[str, Any]:
        """For the OpenAPI description."""
        return {"requestBody": {"required": True, "content": _binary(self.types)}}


FILM = Upload(types=("video/webm", "video/mp4", "video/quicktime"), most_bytes=32 * 2**20)
STILL = Upload(types=("image/jpeg",), most_bytes=2**20)
ARCHIVE = Upload(types=("application/zip",), most_bytes=2**30)


def body_limits(content_type: str) -> tuple[int, float]:
    """How many bytes a body of this type may have, and in how many seconds it has to arrive.

    Example:
        >>> body_limits("application/json")
        (65536, 10.0)
    """
    kind = _plain(content_type)
    for upload in (FILM, STILL, ARCHIVE):
        if kind in upload.types:
            return upload.most_bytes, upload.most_seconds
    return JSON_BYTES, JSON_SECONDS


def file_answer(*types: str) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI description: an answer that is a file of one of these content types."""
    return {200: {"content": _binary(types)}}


async def read_body(request: Request, kind: Upload, use: Callable[[bytes], Result]) -> Result:
    """Take a small upload into memory and hand it to a function in another thread.

    Raises:
        HTTPException: It is of another kind (415).
    """
    content = b"".join([chunk async for chunk in _chunks(request, kind)])
    return await run_in_threadpool(use, content)


async def save_body(request: Request, kind: Upload, use: Callable[[Path], Result]) -> Result:
    """Take a large upload into a temporary file and hand its path to a function.

    Raises:
        HTTPException: It is of another kind (415).
    """
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        async for chunk in _chunks(request, kind):
            file.write(chunk)
        file.flush()
        return await run_in_threadpool(use, Path(file.name))


async def _chunks(request: Request, kind: Upload) -> AsyncIterator[bytes]:
    came = _plain(request.headers.get("content-type", ""))
    if came not in kind.types:
        raise HTTPException(415, f"expected {' or '.join(kind.types)}, got {came or 'nothing'}")
    async for chunk in request.stream():
        yield chunk


def _binary(types: tuple[str, ...]) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}


def _plain(content_type: str) -> str:
    """The type without its parameters."""
    return content_type.partition(";")[0].strip().lower()
