"""The committed results are those of benchmarks and options that there are today."""

import dataclasses
import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from benchmarks.support.common import RESULTS, BenchmarkOptions

FILES = sorted(RESULTS.glob("*.json"))


def unknown_options(chosen: dict[str, Any], options_type: Any, path: str = "") -> list[str]:
    """The names among some options that are no fields, also in their parts."""
    fields = {field.name: field for field in dataclasses.fields(options_type)}
    unknown = [path + name for name in chosen if name not in fields]
    for name in chosen.keys() & fields.keys():
        default = fields[name].default
        if dataclasses.is_dataclass(default) and isinstance(chosen[name], dict):
            unknown += unknown_options(chosen[name], default, f"{path}{name}.")
    return unknown


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_result_names_its_commit_and_options_of_today(file: Path):
    document = json.loads(file.read_text(encoding="utf-8"))
    assert re.fullmatch("[0-9a-f]{40}", document["machine"]["git_commit"])
    module = importlib.import_module(f"benchmarks.{document['benchmark']}")
    (options_type,) = [
        kind
        for name, kind in vars(module).items()
        if name.endswith("Options")
        and dataclasses.is_dataclass(kind)
        and issubclass(kind, BenchmarkOptions)  # pyright: ignore[reportArgumentType]
        and kind.__module__ == module.__name__
        and name.removesuffix("Options").lower() == document["benchmark"].replace("_", "")
    ]
    assert unknown_options(document["options"], options_type) == []
