"""A studio in a process of its own, and somebody who asks it as its page does."""

import collections
import dataclasses
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2

from videospace.studio.server.security.access import TOKEN_HEADER

COMMAND = "import sys; from videospace.cli import main; sys.exit(main())"
PATIENCE_SECONDS = 120.0
"""How long somebody waits for a studio that has too much to do."""
FILM_TYPE = {"Content-Type": "video/webm;codecs=vp8"}
ZIP_TYPE = {"Content-Type": "application/zip"}
BUSY = (429, 503)


class StudioServer:
    """``videospace studio``, which can be killed and started anew at the same address.

    Args:
        data: Folder of its people.
        *options: Further ones of the command line.
    """

    def __init__(self, data: Path, *options: str):
        self.data, self.port, self._options = data, 0, options
        self.start()

    def __enter__(self) -> "StudioServer":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.kill()

    @property
    def pid(self) -> int:
        """Of the process that answers."""
        return self._process.pid

    def start(self) -> None:
        """Begin, and wait for the first answer; on the same port as before."""
        options = ["--data", str(self.data), "--port", str(self.port), "--device", "cpu"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "studio", *options, *self._options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("videospace studio: http://127.0.0.1:"), line
        self.address = line.split()[2]
        self.port = int(self.address.rsplit(":")[-1].strip("/"))
        urllib.request.urlopen(self.address, timeout=PATIENCE_SECONDS).close()

    def kill(self) -> None:
        """As a power cut would."""
        self._process.kill()
        self._wait()

    def stop(self) -> int:
        """As its user does; returns the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._wait()

    def _wait(self) -> int:
        status = self._process.wait(timeout=PATIENCE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status


@dataclasses.dataclass(kw_only=True)
class Tally:
    """What got back from a studio."""

    seconds: dict[str, list[float]] = dataclasses.field(
        default_factory=lambda: collections.defaultdict(list)
    )
    """Of each kind of request, the times of its answers, without those that asked to wait."""
    statuses: collections.Counter[int] = dataclasses.field(default_factory=collections.Counter)
    """How often each status got."""
    failures: list[str] = dataclasses.field(default_factory=list)
    """Answers that a studio must not give."""

    @classmethod
    def of(cls, tallies: Sequence["Tally"]) -> "Tally":
        """All of them together."""
        total = cls()
        for tally in tallies:
            total.statuses += tally.statuses
            total.failures += tally.failures
            for kind, seconds in tally.seconds.items():
                total.seconds[kind] += seconds
        return total


class StudioPage:
    """Somebody who asks a studio as its page does, and waits where it has too much to do.

    Args:
        address: Of the studio.
        person: Id of the person whose page it is.
    """

    def __init__(self, address: str, person: str):
        self.person, self.tally = f"/api/profiles/{person}", Tally()
        self._client = httpx2.Client(base_url=address, timeout=PATIENCE_SECONDS)
        self._client.headers[TOKEN_HEADER] = self._client.get("/api/session").json()["token"]

    def __enter__(self) -> "StudioPage":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, kind: str, method: str, path: str, **content: Any) -> httpx2.Response:
        """Ask, and once more after the time that a busy studio names.

        Args:
            kind: Under which the time is noted.
            method: Of HTTP.
            path: Below the person, or below the studio where it begins with a slash.
            **content: The rest of the request, as for httpx.
        """
        address = path if path.startswith("/") else f"{self.person}/{path}".rstrip("/")
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            started = time.perf_counter()
            answer = self._client.request(method, address, **content)
            self.tally.statuses[answer.status_code] += 1
            if answer.status_code not in BUSY or time.monotonic() > give_up:
                break
            if "retry-after" not in answer.headers:
                self.tally.failures.append(f"{method} {address}: no word of how long to wait")
            time.sleep(float(answer.headers.get("retry-after", 1)))
        self.tally.seconds[kind].append(time.perf_counter() - started)
        if answer.status_code >= 500:  # a busy studio that stays so is among them
            self.tally.failures.append(f"{method} {address}: {answer.status_code} {answer.text}")
        return answer

    def record(self, film: bytes, *, recognize: bool = True) -> dict[str, Any]:
        """Send a film; returns what was recognized."""
        answer = self.ask(
            "recording" if recognize else "lesson",
            "POST",
            f"recordings?recognize={str(recognize).lower()}",
            content=film,
            headers=FILM_TYPE,
        )
        return _expected(answer, 201)

    def keep(self, film: bytes, recognized: dict[str, Any], word: str) -> dict[str, Any]:
        """Choose the word of a recording; one that had to make room is sent once more."""
        answer = self._choose(recognized, word)
        if answer.status_code == 404:
            answer = self._choose(self.record(film, recognize=False), word)
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
