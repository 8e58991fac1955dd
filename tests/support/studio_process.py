"""A studio in a process of its own."""

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import httpx2

from videospace.studio.server.security.access import TOKEN_HEADER

COMMAND = "import sys; from videospace.cli import main; sys.exit(main())"
PATIENCE_SECONDS = 120.0
"""How long to wait for a studio on a busy machine."""


def keyed_client(link: str, **options: Any) -> httpx2.Client:
    """A client that the studio lets in, with the cookie and the token of a page.

    Args:
        link: Address of the studio with a key that was not used yet.
        **options: As for httpx2.
    """
    address, _, key = link.partition("#key=")
    entered = httpx2.post(f"{address}api/session", json={"code": key}, **options)
    token = entered.raise_for_status().json()["token"]
    cookies, headers = entered.cookies, {TOKEN_HEADER: token}
    return httpx2.Client(base_url=address, cookies=cookies, headers=headers, **options)


class StudioServer:
    """``videospace studio``, which can be killed and restarted at the same address.

    Args:
        data: Folder of its profiles.
        *options: More options of the command line.
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
        """Id of the process that serves."""
        return self._process.pid

    def start(self) -> None:
        """Start, on the same port as before, and wait for the first answer."""
        options = ["--data", str(self.data), "--port", str(self.port), "--device", "cpu"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "studio", *options, *self._options],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._link = self._printed_link()
        self.address = self._link.partition("#")[0]
        self.port = int(self.address.rsplit(":")[-1].strip("/"))
        urllib.request.urlopen(self.address, timeout=PATIENCE_SECONDS).close()

    def new_link(self) -> str:
        """An address that lets one browser in. The one before has to be opened first."""
        link, self._link = self._link or self._printed_link(), ""
        return link

    def _printed_link(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\S+", line)
        assert found, line
        return found[0]

    def kill(self) -> None:
        """Kill it, as a power cut would."""
        self._process.kill()
        self._wait()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop it with Ctrl-C or another signal, and return the exit status."""
        self._process.send_signal(number)
        return self._wait()

    def _wait(self) -> int:
        status = self._process.wait(timeout=PATIENCE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return status
