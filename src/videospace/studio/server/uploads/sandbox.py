"""A process that does what may go wrong: it can crash, hang or eat memory without harm."""

import contextlib
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from videospace.runtime.errors import BusyError, UserError

BUSY_SECONDS = 30.0
"""How long a call waits for those before it."""

UNREADABLE = "it cannot be read: record it again, or use another file"

Answer = tuple[dict[str, Any], bytes]
"""What a confined function returns: JSON, and bytes beside it."""


class ConfinedProcess:
    """Calls functions in another process, one at a time, within limits of time and memory.

    Answers come back as JSON and bytes and are never unpickled, so that content which takes over
    the process has not thereby taken over its caller. A process that had to be stopped is replaced.

    Args:
        memory_bytes: What a function may take beyond what is loaded before it; Linux alone keeps
            to it.
        prepare: Called once in each process, before anything else.

    Example:
        >>> with ConfinedProcess(memory_bytes=2**30) as process:
        ...     process.call(reversed_text, "star", seconds=60.0)
        ({'text': 'rats'}, b'')
    """

    def __init__(self, *, memory_bytes: int, prepare: Callable[[], object] | None = None):
        self._memory_bytes, self._prepare = memory_bytes, prepare
        self._alone = threading.Lock()
        self._start()

    def __enter__(self) -> "ConfinedProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        function: Callable[..., Answer],
        *arguments: Any,
        seconds: float,
        patience_seconds: float = BUSY_SECONDS,
    ) -> Answer:
        """Call a function of a module with arguments that can be pickled.

        Args:
            function: To be called.
            *arguments: Its arguments.
            seconds: Most time it may take, without that in which the process starts.
            patience_seconds: Most time to wait for calls before it; 0 does not wait.

        Raises:
            UserError: It raised one, took too long, ended the process, or ran out of memory.
            BusyError: Too many wait for the process.
        """
        if not self._alone.acquire(timeout=patience_seconds):
            raise BusyError("too much is going on at once: try again in a moment")
        try:
            self._await_readiness()
            self._connection.send((function, arguments))
            if not self._connection.poll(seconds):
                raise UserError(f"it takes longer than {seconds:g} s to read: use a shorter file")
            header = json.loads(self._connection.recv_bytes())
            content = self._connection.recv_bytes()
        except UserError:
            self._restart()
            raise
        except (EOFError, OSError, ValueError) as error:
            self._restart()
            raise UserError(UNREADABLE) from error
        finally:
            self._alone.release()
        if "problem" in header:
            raise UserError(header["problem"])
        return header["answer"], content

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._memory_bytes, self._prepare), daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False

    def _restart(self) -> None:
        self.close()
        self._start()

    def _await_readiness(self) -> None:
        if not self._ready:
            self._connection.recv_bytes()
            self._ready = True


def end_with_parent() -> None:
    """End this process when the one that started it has gone, however that came to pass.

    Otherwise it would go on with what nobody waits for, and hold what the next studio needs.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def reversed_text(text: str) -> Answer:
    """An example of a function that can be confined."""
    return {"text": text[::-1]}, b""


def _serve(
    connection: multiprocessing.connection.Connection,
    memory_bytes: int,
    prepare: Callable[[], object] | None,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends this process
    end_with_parent()
    if prepare is not None:
        prepare()
    _limit_memory(memory_bytes)
    connection.send_bytes(b"ready")
    with contextlib.suppress(EOFError, OSError):  # the caller has gone
        while True:
            function, arguments = connection.recv()
            header, content = _result(function, arguments)
            connection.send_bytes(json.dumps(header).encode())
            connection.send_bytes(content)


def _result(function: Callable[..., Answer], arguments: tuple[Any, ...]) -> Answer:
    try:
        answer, content = function(*arguments)
    except UserError as error:
        return {"problem": str(error)}, b""
    except MemoryError:
        return {"problem": "it needs too much memory: use a smaller file"}, b""
    except Exception:
        logging.getLogger("videospace.studio").exception("what was confined failed")
        return {"problem": UNREADABLE}, b""
    return {"answer": answer}, content


def _limit_memory(memory_bytes: int) -> None:
    """Let the process grow by so much and no further; and never write its memory to the disk."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    with open("/proc/self/statm") as file:
        used = int(file.read().split()[5]) * resource.getpagesize()
    # Not RLIMIT_AS, which counts what threads reserve and never use.
    resource.setrlimit(resource.RLIMIT_DATA, (used + memory_bytes, used + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
