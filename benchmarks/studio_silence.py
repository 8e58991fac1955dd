"""Can one address that says nothing keep another one from the studio, with and without TLS?

``videospace studio`` runs as its user starts it. One address opens many connections and sends
nothing on them; whenever the studio closes one, it opens another. Meanwhile a page at another
address is loaded again and again, over a new connection each time. Both addresses belong to this
machine.
"""

import dataclasses
import multiprocessing
import re
import select
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.studio_process import COMMAND, PATIENCE_SECONDS

from benchmarks.studio_load import spread
from benchmarks.support.common import BenchmarkOptions, print_table, run_benchmark, say
from videospace.studio.server.security.own_addresses import own_addresses

SILENT, PAGE = "127.0.0.2", "127.0.0.3"
LIMIT_SECONDS = 2.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioSilenceOptions(BenchmarkOptions):
    """Can one address that says nothing keep another one from the studio?"""

    connections: int = 300
    """Number of silent connections."""
    seconds: float = 30.0
    """Seconds that they are renewed."""


class SilentClient:
    """Holds connections on which it says nothing, in a process of its own.

    Args:
        address: Address and port of the studio.
        count: Number of connections.
    """

    def __init__(self, address: tuple[str, int], count: int):
        context = multiprocessing.get_context("spawn")
        self._end, self._num_opened = context.Event(), context.Value("l", 0)
        arguments = (address, count, self._end, self._num_opened)
        self._process = context.Process(target=keep_silent, args=arguments)

    def __enter__(self) -> "SilentClient":
        self._process.start()
        while self.num_opened == 0 and self._process.is_alive():
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._process.join()

    @property
    def num_opened(self) -> int:
        """How many connections it has opened."""
        return self._num_opened.value


def keep_silent(address: tuple[str, int], count: int, end: Any, num_opened: Any) -> None:
    """Open connections, and another one for each that is closed, until an event is set."""
    poll, held = select.poll(), {}
    while not end.is_set():
        while len(held) < count and not end.is_set():
            connection = socket.create_connection(address, PATIENCE_SECONDS, (SILENT, 0))
            held[connection.fileno()] = connection
            poll.register(connection, select.POLLIN)
            num_opened.value += 1
        for number, _ in poll.poll(100):
            poll.unregister(number)
            held.pop(number).close()
    for connection in held.values():
        connection.close()


def measure(options: StudioSilenceOptions, work: Path) -> dict[str, Any]:
    """Load a page while another address is silent, without and with TLS."""
    own = own_addresses("0.0.0.0")[0]
    kinds = {"http": [], "https": ["--allow-remote", "--host", own]}
    if own == "127.0.0.1":
        say("this machine has no other address than 127.0.0.1: TLS is left out")
        del kinds["https"]
    found: dict[str, Any] = {}
    for kind, flags in kinds.items():
        say(f"{kind} …")
        with running_studio(work / kind, flags) as address:
            trust = _trust(address) if kind == "https" else None
            load_page(address, trust)  # the first one takes longer
            alone = answer_seconds(address, trust, options.seconds / 6)
            with SilentClient(address, options.connections) as silent:
                answers = answer_seconds(address, trust, options.seconds)
        found[kind] = {
            "alone": spread(alone),
            "beside_silence": spread(answers),
            "silent_connections": silent.num_opened,
            "passed": max(answers) < LIMIT_SECONDS,
        }
    rows = {f"{kind}, {name}": found[kind][name] for kind in found for name in NAMES}
    print_table("Seconds to a page", rows, ("count", "median", "p95", "longest"))
    return {**found, "passed": all(each["passed"] for each in found.values())}


NAMES = ("alone", "beside_silence")


@contextmanager
def running_studio(data: Path, flags: list[str]) -> Iterator[tuple[str, int]]:
    """Start a studio, and yield its address and port."""
    command = [sys.executable, "-c", COMMAND, "studio", "--data", str(data), "--port", "0"]
    with subprocess.Popen([*command, *flags], stdout=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        try:
            for line in studio.stdout:
                if found := re.search(r"https?://([\d.]+):(\d+)/", line):
                    yield found[1], int(found[2])
                    break
        finally:
            studio.terminate()


def answer_seconds(
    address: tuple[str, int], trust: ssl.SSLContext | None, seconds: float
) -> list[float]:
    """The times until the whole page is there, from before the connection is opened."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        started = time.perf_counter()
        load_page(address, trust)
        times.append(time.perf_counter() - started)
        time.sleep(0.05)
    return times


def load_page(address: tuple[str, int], trust: ssl.SSLContext | None) -> None:
    """Load the first page over a new connection.

    Raises:
        RuntimeError: The answer is not the page.
    """
    connection = socket.create_connection(address, PATIENCE_SECONDS, (PAGE, 0))
    if trust is not None:
        connection = trust.wrap_socket(connection, server_hostname=address[0])
    with connection:
        host = f"{address[0]}:{address[1]}"
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        with suppress(ConnectionResetError):
            while got := connection.recv(2**16):
                answer += got
    if not (answer.startswith(b"HTTP/1.1 200 ") and b"</html>" in answer):
        raise RuntimeError(f"expected the page, got {answer[:200]!r}")


def _trust(address: tuple[str, int]) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=ssl.get_server_certificate(address))


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Run from the command line."""
    return run_benchmark("studio_silence", __doc__, StudioSilenceOptions, measure, arguments)


if __name__ == "__main__":
    main()
