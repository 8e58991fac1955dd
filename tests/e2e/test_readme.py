"""Commands of the README and the how-to pages run."""

import ast
import contextlib
import functools
import importlib
import io
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from videospace.cli import COMMANDS, main
from videospace.clips.writing import write_video

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("how-to-*.md"))]
TOY = [
    "--model.inr.hidden-width=8",
    "--model.hypernetwork.hidden-width=8",
    "--batch.points-per-clip=16",
    "--total-points=2000",
]
SHORT = {"train": TOY, "encoder": ["--budget-seconds=2"], "complete": ["--max-steps=5"]}
"""What keeps a command of the README short."""


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of a page."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def commands(page: Path) -> list[list[str]]:
    """The calls of the program on a page, in words."""
    text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
    return [
        shlex.split(line, comments=True)[1:] for line in re.findall("^videospace .*", text, re.M)
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with videos under the names that the pages use, to work in."""
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        frames = [np.full((1, 40, 48, 3), 40 * number + time, np.uint8) for time in range(60)]
        write_video(tmp_path / "films" / f"{number}.mp4", frames, fps=25, num_frames=60)
    shutil.copy(tmp_path / "films" / "0.mp4", tmp_path / "film.mp4")
    return tmp_path


def test_the_readme_from_prepare_to_info(folder: Path) -> None:
    lines = commands(ROOT / "README.md")
    assert [words[0] for words in lines][:3] == ["prepare", "train", "sample"]
    for words in lines:
        words += SHORT.get(words[0], [])
        ids = (folder / "clips" / "index.jsonl").exists() and re.findall(
            r'"id": "([^"]+)"', (folder / "clips" / "index.jsonl").read_text()
        )
        named = [
            {"FIRST": ids[0], "LAST": ids[-1]}.get(word, word) if ids else word for word in words
        ]
        assert main(named) == 0, words
    assert (folder / "big.mp4").stat().st_size > 0


def test_the_readme_in_python(folder: Path) -> None:
    (code,) = blocks(ROOT / "README.md", "python")
    code = code.replace("presets.fast()", "toy").replace("600", "1.0")
    toy = "import dataclasses\ntoy = dataclasses.replace(presets.tiny(), total_points=2000.0)\n"
    first, rest = code.split("\n", 1)
    names = {"__name__": "__main__"}
    exec(compile(f"{first}\n{toy}{rest}", "README.md", "exec"), names)
    assert names["videos"].shape == (4, 25, 128, 128, 3)  # type: ignore[attr-defined]


def test_completing_in_python(folder: Path) -> None:
    options = ["--frames=4", "--size=16", "--holdout=0", "--workers=1"]
    assert main(["prepare", "films", "--out", "clips", *options]) == 0
    assert main(["train", "clips", "--out", "space", "--preset", "tiny", *TOY]) == 0
    (code,) = blocks(ROOT / "docs" / "how-to-complete.md", "python")
    names: dict = {}
    exec(compile(code, "how-to-complete.md", "exec"), names)
    assert names["futures"].shape == (3, 4, 16, 16, 3)
    assert names["coarse"].video.shape == (4, 4, 4, 3)


@functools.cache
def help_of(*command: str) -> str:
    """What a command prints with ``--help``."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, pytest.raises(SystemExit):
        main([*command, "--help"])
    return printed.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_flag_on_a_page_exists(page: Path) -> None:
    for words in commands(page):
        assert words[0] in COMMANDS
        drawn = words[0] == "prepare" and words[1] == "moving-mnist"
        known = help_of(*words[: 2 if drawn or words[0] == "lipread" else 1])
        for flag in (word for word in words if word.startswith("--")):
            assert f"{flag} " in known or f"{flag}," in known, (words[0], flag)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_on_a_page_imports_public_names_only(page: Path) -> None:
    for code in blocks(page, "python"):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("videospace"):
                module = importlib.import_module(str(node.module))
                assert {name.name for name in node.names} <= set(module.__all__), node.module


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_files_that_contributing_names_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = {path for path in re.findall(r"`([\w./]+)`", text) if "/" in path}
    assert len(paths) > 10
    for path in paths - {"build/site"}:
        assert (ROOT / path).exists() or (ROOT / "src" / "videospace" / path).exists(), path
