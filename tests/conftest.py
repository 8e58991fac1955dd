"""Skips the tests whose needs this machine does not meet, and lists them by reason.

Temporary files are kept in memory where there is room for them, since many tests write and sync
small files, and would mostly wait for the disk.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Without a deadline, so that an example may take long on a busy machine.
IS_THOROUGH = "VIDEOSPACE_THOROUGH" in os.environ
settings.register_profile("videospace", deadline=None, max_examples=200 if IS_THOROUGH else 40)
settings.load_profile("videospace")

MEMORY, NEEDED_BYTES = Path("/dev/shm"), 6 * 2**30
if (
    "TMPDIR" not in os.environ
    and os.access(MEMORY, os.W_OK)
    and shutil.disk_usage(MEMORY).free > NEEDED_BYTES
):
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# A process that nohup started would ignore the signal, and so would those that it starts.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

NEEDS = {
    "realdata": (
        "recordings in the folder that VIDEOSPACE_DATA names",
        lambda: Path(os.environ.get("VIDEOSPACE_DATA") or "/nowhere").is_dir(),
    ),
    "browser": (
        "chromium and chromedriver",
        lambda: bool(shutil.which("chromium") and shutil.which("chromedriver")),
    ),
    "semantic": (
        "the extra 'semantic'",
        lambda: importlib.util.find_spec("transformers") is not None,
    ),
    "tensorboard": (
        "the extra 'log'",
        lambda: importlib.util.find_spec("tensorboard") is not None,
    ),
    "thorough": (
        "the environment variable VIDEOSPACE_THOROUGH, since it takes long",
        lambda: IS_THOROUGH,
    ),
    "smallfs": (
        "the right to mount a small file system",
        lambda: hasattr(os, "geteuid") and os.geteuid() == 0 and bool(shutil.which("mount")),
    ),
}
"""By marker, what a test needs and whether it is there."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests whose needs are not met."""
    missing = {marker for marker, (_, is_there) in NEEDS.items() if not is_there()}
    for item in items:
        for marker in sorted(missing & {mark.name for mark in item.iter_markers()}):
            item.add_marker(pytest.mark.skip(reason=f"needs {NEEDS[marker][0]}"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List every skipped test under its reason."""
    names = defaultdict(list)
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        names[reason.removeprefix("Skipped: ")].append(report.nodeid)
    for reason, skipped in sorted(names.items()):
        terminalreporter.section(f"skipped: {reason}")
        for name in sorted(skipped):
            terminalreporter.line(name)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB of its own; tests that use it carry the marker ``smallfs``."""
    mount = tmp_path / "disk"
    mount.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], check=True)
    yield mount
    # Lazily, since tensors that a test still holds are mapped from their file.
    subprocess.run(["umount", "--lazy", mount], check=True)
