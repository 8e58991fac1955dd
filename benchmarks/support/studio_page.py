"""A client that uses the studio as its pages do, and measures the answers."""

import collections
import dataclasses
import time
from collections.abc import Sequence
from typing import Any

import httpx2
from tests.support.studio_process import keyed_client

PATIENCE_SECONDS = 120.0
"""How long a client waits for a busy studio."""
VIDEO_TYPE = {"Content-Type": "video/webm;codecs=vp8"}
ZIP_TYPE = {"Content-Type": "application/zip"}
BUSY = (429, 503)


@dataclasses.dataclass(kw_only=True)
class Tally:
    """The answers of a studio."""

    seconds: dict[str, list[float]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(list)
    )
    """The times of the answers by the kind of request, with the time of retries."""
    statuses: collections.Counter[int] = dataclasses.field(default_factory=collections.Counter)
    """How often each status was returned."""
    failures: list[str] = dataclasses.field(default_factory=list)
    """Answers that a studio must never give."""

    @classmethod
    def of(cls, tallies: Sequence["Tally"]) -> "Tally":
        """The sum of several tallies."""
        total = cls()
        for tally in tallies:
            total.statuses += tally.statuses
            total.failures += tally.failures
            for kind, seconds in tally.seconds.items():
                total.seconds[kind] += seconds
        return total


class StudioPage:
    """Sends requests as a page does, and retries if the studio is busy.

    Args:
        link: Address of the studio with a key that was not used yet.
        profile: Id of the profile.
    """

    def __init__(self, link: str, profile: str):
        self.profile, self.tally = f"/api/profiles/{profile}", Tally()
        self._client = keyed_client(link, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> "StudioPage":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, kind: str, method: str, path: str, **content: Any) -> httpx2.Response:
        """Send a request, and retry after the time that a busy studio names.

        Args:
            kind: Key of the time in the tally.
            method: The HTTP method.
            path: Path below the profile; with a slash at the beginning, below the studio.
            **content: The rest of the request, as for httpx.
        """
        address = path if path.startswith("/") else f"{self.profile}/{path}".rstrip("/")
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            started = time.perf_counter()
            answer = self._client.request(method, address, **content)
            self.tally.statuses[answer.status_code] += 1
            if answer.status_code not in BUSY or time.monotonic() > give_up:
                break
            if "retry-after" not in answer.headers:
                self.tally.failures.append(f"{method} {address}: no Retry-After header")
            time.sleep(float(answer.headers.get("retry-after", 1)))
        self.tally.seconds[kind].append(time.perf_counter() - started)
        if answer.status_code >= 500:  # including a studio that stays busy
            self.tally.failures.append(f"{method} {address}: {answer.status_code} {answer.text}")
        return answer

    def record(self, video: bytes, *, recognize: bool = True) -> dict[str, Any]:
        """Send a recording and return the answer."""
        answer = self.ask(
            "recording" if recognize else "lesson",
            "POST",
            f"recordings?recognize={str(recognize).lower()}",
            content=video,
            headers=VIDEO_TYPE,
        )
        return _expected(answer, 201)

    def keep(self, video: bytes, recognized: dict[str, Any], word: str) -> dict[str, Any]:
        """Choose the word of a recording. One that the studio has dropped is sent again."""
        answer = self._choose(recognized, word)
        if answer.status_code == 404:
            answer = self._choose(self.record(video, recognize=False), word)
        return _expected(answer, 201)

    def _choose(self, recognized: dict[str, Any], word: str) -> httpx2.Response:
        return self.ask(
            "choice",
            "POST",
            f"recordings/{recognized['id']}/choice",
            json={"word": word, "used": True},
        )


def _expected(answer: httpx2.Response, status: int) -> dict[str, Any]:
    if answer.status_code != status:
        raise RuntimeError(f"expected status {status}, got {answer.status_code}: {answer.text}")
    return answer.json()
