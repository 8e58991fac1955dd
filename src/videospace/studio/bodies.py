"""Uploads, limited in kind, size and time before anything looks into them."""

import asyncio
import dataclasses
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool

MOST_SECONDS = 120.0
"""For an upload to arrive."""
JSON_BYTES = 2**16
"""Of a request that is no upload."""
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Upload:
    """A kind of upload."""

    types: tuple[str, ...]
    """Its content types."""
    most_bytes: int
    """How large it may be."""

    @property
    def description(self) -> dict[str, Any]:
        """For the OpenAPI description."""
        content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in self.types}
        return {"requestBody": {"required": True, "content": content}}


FILM = Upload(types=("video/webm", "video/mp4"), most_bytes=32 * 2**20)
STILL = Upload(types=("image/jpeg",), most_bytes=2**20)
ARCHIVE = Upload(types=("application/zip",), most_bytes=2**30)


async def read_body(request: Request, kind: Upload, use: Callable[[bytes], Result]) -> Result:
    """Take a small upload into memory and hand it to a function in another thread.

    Raises:
        HTTPException: It is of another kind, too large (413), or too slow (408).
    """
    content = b"".join([chunk async for chunk in _chunks(request, kind)])
    return await run_in_threadpool(use, content)


async def save_body(request: Request, kind: Upload, use: Callable[[Path], Result]) -> Result:
    """Take a large upload into a temporary file and hand its path to a function.

    Raises:
        HTTPException: It is of another kind, too large (413), or too slow (408).
    """
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        async for chunk in _chunks(request, kind):
            file.write(chunk)
        file.flush()
        return await run_in_threadpool(use, Path(file.name))


async def _chunks(request: Request, kind: Upload) -> AsyncIterator[bytes]:
    came = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if came not in kind.types:
        raise HTTPException(415, f"expected {' or '.join(kind.types)}, came {came or 'nothing'}")
    num_bytes = 0
    try:
        async with asyncio.timeout(MOST_SECONDS):
            async for chunk in request.stream():
                num_bytes += len(chunk)
                if num_bytes > kind.most_bytes:
                    raise HTTPException(
                        413, f"expected at most {kind.most_bytes >> 20} MiB: use a shorter file"
                    )
                yield chunk
    except TimeoutError as error:
        raise HTTPException(408, "the upload took too long: try again") from error
