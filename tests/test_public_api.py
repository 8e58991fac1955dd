"""Public names exist, have the right kind, and load nothing heavy."""

import ast
import importlib
import subprocess
import sys
import types
from pathlib import Path

import pytest

import videospace

PACKAGES = [
    "videospace",
    *(
        f"videospace.{package}"
        for package in ("baselines", "clips", "inrv", "lipreading", "metrics")
    ),
]
MODULES = {"baselines", "clips", "history", "inrv", "lipreading", "metrics", "presets", "tasks"}
"""The public names that are modules; all others are classes, functions or constants."""
HEAVY = ["av", "matplotlib", "numpy", "PIL", "scipy", "torch"]


def names_of(package: str) -> list[str]:
    return importlib.import_module(package).__all__


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists(package: str) -> None:
    module = importlib.import_module(package)
    for name in names_of(package):
        found = getattr(module, name)
        assert isinstance(found, types.ModuleType) == (name in MODULES), name


@pytest.mark.parametrize("package", PACKAGES)
def test_type_checkers_see_the_same_names(package: str) -> None:
    stub = Path(importlib.import_module(package).__path__[0]) / "__init__.pyi"
    listed = next(
        ast.literal_eval(node.value)
        for node in ast.parse(stub.read_text()).body
        if isinstance(node, ast.Assign)
    )
    assert sorted(listed) == sorted(names_of(package))


def test_names_at_the_top_are_those_of_the_packages() -> None:
    assert videospace.train is videospace.inrv.train
    assert videospace.prepare is videospace.clips.prepare
    assert videospace.fidelity is videospace.metrics.fidelity


def test_importing_the_packages_loads_nothing_heavy() -> None:
    code = f"import sys, {', '.join(PACKAGES)}; print(sorted({set(HEAVY)} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
