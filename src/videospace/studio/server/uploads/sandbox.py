"""A process for untrusted files: it may crash, hang or run out of memory without harm."""

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
from videospace.runtime.messages import Message, message_of

BUSY_SECONDS = 30.0
"""How long a call waits for earlier calls."""

UNREADABLE = Message("cannot read it: record it again, or use another file")
TOO_MUCH = Message("reading it needs too much memory: use a smaller file")

Answer = tuple[dict[str, Any], bytes]
"""What a function in the sandbox returns: JSON and bytes."""


class Sandbox:
    """Calls functions in another process, one at a time, with limits of time and memory.

    Answers return as JSON and bytes and are never unpickled. A file that takes over the process
    has therefore not taken over its caller. A process that had to be stopped is replaced.

    Args:
        memory_bytes: How much memory a function may use in addition to what is loaded before it.
            Only Linux enforces it.
        prepare: Called once in each process, before anything else.

    Example:
        >>> with Sandbox(memory_bytes=2**30) as sandbox:
        ...     sandbox.call(reversed_text, "star", seconds=60.0)
        ({'text': 'rats'}, b'')
    """

    def __init__(self, *, memory_bytes: int, prepare: Callable[[], object] | None = None):
        self._memory_bytes, self._prepare = memory_bytes, prepare
        self._lock = threading.Lock()
        self._is_closed = False
        self._start()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(
        self,
        function: Callable[..., Answer],
        *arguments: Any,
        seconds: float,
        wait_seconds: float = BUSY_SECONDS,
    ) -> Answer:
        """Call a function in the process.

        Args:
            function: A function at the top of a module.
            *arguments: Its arguments, which must support pickling.
            seconds: Time limit, without the start of the process.
            wait_seconds: How long to wait for earlier calls; 0 does not wait.

        Raises:
            UserError: The function raised one, took too long, crashed, or ran out of memory.
            BusyError: Too many other calls are waiting.
        """
        if not self._lock.acquire(timeout=wait_seconds):
            raise BusyError(Message("the studio is busy: try again in a moment"))
        try:
            self._wait_until_ready()
            self._connection.send((function, arguments))
            if not self._connection.poll(seconds):
                raise UserError(
                    Message(
                        "reading it takes longer than {seconds:g} s: use a shorter file",
                        seconds=seconds,
                    )
                )
            header = json.loads(self._connection.recv_bytes())
            content = self._connection.recv_bytes()
        except UserError:
            self._restart()
            raise
        except (EOFError, OSError, ValueError) as error:
            self._restart()
            raise UserError(UNREADABLE) from error
        finally:
            self._lock.release()
        if "problem" in header:
            raise UserError(Message.from_json(header["problem"]))
        return header["answer"], content

    def close(self) -> None:
        """End the process, and with it a call that is under way in another thread."""
        self._is_closed = True
        self._process.kill()
        with self._lock:
            self._end()

    def _end(self) -> None:
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
        if not self._is_closed:
            self._end()
            self._start()

    def _wait_until_ready(self) -> None:
        if not self._ready:
            self._connection.recv_bytes()
            self._ready = True


def end_with_parent() -> None:
    """End this process when its parent process ends, even if that was killed.

    Otherwise it would continue in vain, and hold locks that the next studio needs.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def reversed_text(text: str) -> Answer:
    """Reverse a text: an example of a function that can run in a sandbox."""
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
    with contextlib.suppress(EOFError, OSError):  # the caller has ended
        while True:
            function, arguments = connection.recv()
            header, content = _result(function, arguments)
            connection.send_bytes(json.dumps(header).encode())
            connection.send_bytes(content)


def _result(function: Callable[..., Answer], arguments: tuple[Any, ...]) -> Answer:
    try:
        answer, content = function(*arguments)
    except UserError as error:
        return {"problem": Message.json_of(message_of(error))}, b""
    except MemoryError:
        return {"problem": TOO_MUCH.to_json()}, b""
    except Exception:
        logging.getLogger("videospace.studio").exception("a function in the sandbox failed")
        return {"problem": UNREADABLE.to_json()}, b""
    return {"answer": answer}, content


def _limit_memory(memory_bytes: int) -> None:
    """Limit how much more memory the process may use, and never write a core dump."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    with open("/proc/self/statm") as file:
        used = int(file.read().split()[5]) * resource.getpagesize()
    # Not RLIMIT_AS, which also counts memory that threads reserve and never use.
    resource.setrlimit(resource.RLIMIT_DATA, (used + memory_bytes, used + memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
