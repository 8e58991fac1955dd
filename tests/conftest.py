"""What every test shares: what is not there is named, never silently left out."""

import importlib.util
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# Without a deadline: a machine that is busy with something else is no failure.
settings.register_profile("videospace", deadline=None)
settings.load_profile("videospace")

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
    "smallfs": (
        "the right to mount a small file system",
        lambda: hasattr(os, "geteuid") and os.geteuid() == 0 and bool(shutil.which("mount")),
    ),
}
NOT_RUN = pytest.StashKey[dict[str, list[str]]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out the tests whose needs are not met, and remember their names."""
    missing = {marker for marker, (_, is_there) in NEEDS.items() if not is_there()}
    not_run = defaultdict(list)
    kept, left_out = [], []
    for item in items:
        lacking = sorted(missing & {mark.name for mark in item.iter_markers()})
        if lacking:
            not_run[lacking[0]].append(item.nodeid)
            left_out.append(item)
        else:
            kept.append(item)
    items[:] = kept
    config.stash[NOT_RUN] = dict(not_run)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the process that reports know what a worker has left out."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = session.config.stash.get(NOT_RUN, {})


@pytest.hookimpl(optionalhook=True)  # comes with pytest-xdist
def pytest_testnodedown(node: object, error: object) -> None:
    """Every worker collects the same tests, so the last one's list will do."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[NOT_RUN] = output.get("not_run", {})  # type: ignore[attr-defined]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run, and what it needs."""
    for marker, names in terminalreporter.config.stash.get(NOT_RUN, {}).items():
        terminalreporter.section(f"not run: needs {NEEDS[marker][0]}")
        for name in names:
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
