"""Hooks of mkdocs.yml: format docstrings, and check that the reference is complete."""

import importlib
import re
from pathlib import Path
from typing import Any

import griffe
from mkdocs.exceptions import PluginError

PACKAGES = ("baselines", "clips", "inrv", "lipreading", "metrics")


class OurDocstrings(griffe.Extension):
    """Shows an ``Example:`` as code, and a Sphinx role such as ``:func:`` as the name alone."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of an object that was just loaded."""
        if obj.docstring is not None:
            text = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
            obj.docstring.value = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)


def on_post_build(config: Any) -> None:
    """Fail where a public name has no entry in the reference."""
    for package in PACKAGES:
        page = (Path(config["site_dir"]) / "reference" / f"{package}.html").read_text("utf-8")
        shown = set(re.findall(rf'id="videospace\.{package}\.(?:[\w.]+\.)?(\w+)"', page))
        missing = set(importlib.import_module(f"videospace.{package}").__all__) - shown
        if missing:
            raise PluginError(
                f"reference/{package}.html lacks {sorted(missing)}: write docstrings for them"
            )
