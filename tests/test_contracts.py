"""A forbidden import is found: each contract of the order of folders is in force."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
FORBIDDEN = {
    "runtime/files.py": "videospace.clips.prepare",
    "metrics/fidelity.py": "videospace.inrv.model.inr",
    "clips/prepare.py": "videospace.metrics.fidelity",
    "inrv/model/inr.py": "videospace.inrv.space.video_space",
    "lipreading/phonetics/units.py": "videospace.lipreading.profile.profile",
}
"""By file, an import that breaks a contract."""

READS_OWN_JSON = {
    "runtime/reading/json_reader.py",
    "studio/server/uploads/sandbox.py",  # between two processes of the studio
}


def test_one_module_reads_json():
    readers = {
        path.relative_to(ROOT / "src" / "videospace").as_posix()
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"\bjson\.loads?\(|\bJSONDecoder\b|json\.decode\(", path.read_text("utf-8"))
    }
    assert readers == READS_OWN_JSON


@pytest.mark.skipif(not importlib.util.find_spec("importlinter"), reason="needs import-linter")
def test_forbidden_imports_break_every_contract(tmp_path):
    package = tmp_path / "src" / "videospace"
    only_python = shutil.ignore_patterns("__pycache__", "static", "pretrained", "*.pyi")
    shutil.copytree(ROOT / "src" / "videospace", package, ignore=only_python)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for file, module in FORBIDDEN.items():
        assert (package.parent / Path(*module.split("."))).with_suffix(".py").exists()
        with (package / file).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {module}\n")
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    finished = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 1, finished.stdout + finished.stderr
    for contract in CONTRACTS:
        assert f"{contract['name']} BROKEN" in finished.stdout, contract["name"]
