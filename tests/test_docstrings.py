"""Every example in a docstring runs and shows what it says."""

import doctest
import importlib
import pkgutil

import pytest

import videospace

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(videospace.__path__, "videospace.")
    if not module.name.endswith("__main__")
)
WITH_EXAMPLES = [
    "videospace.clips.bouncing_ball",
    "videospace.clips.clip_store",
    "videospace.clips.comparison",
    "videospace.clips.prepare",
    "videospace.clips.video_output",
    "videospace.inrv.components",
    "videospace.inrv.context",
    "videospace.inrv.coordinates",
    "videospace.inrv.curriculum",
    "videospace.inrv.descent",
    "videospace.inrv.encoder",
    "videospace.inrv.encoder_training",
    "videospace.inrv.encoding",
    "videospace.inrv.inr",
    "videospace.inrv.inversion",
    "videospace.inrv.latent_file",
    "videospace.inrv.latent_map",
    "videospace.inrv.latents",
    "videospace.inrv.model",
    "videospace.inrv.objective",
    "videospace.inrv.optimisation",
    "videospace.inrv.points",
    "videospace.inrv.prior",
    "videospace.inrv.rendering",
    "videospace.inrv.sampling",
    "videospace.inrv.shipped",
    "videospace.inrv.space",
    "videospace.inrv.tasks",
    "videospace.inrv.windows",
    "videospace.metrics.context_error",
    "videospace.metrics.fidelity",
    "videospace.metrics.identity",
    "videospace.metrics.intervals",
    "videospace.presets",
    "videospace.runtime.device",
    "videospace.runtime.errors",
    "videospace.runtime.files",
    "videospace.runtime.log",
    "videospace.runtime.progress",
]
"""Modules whose examples a reader relies on; others may have some."""


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0
    assert result.attempted > 0 or name not in WITH_EXAMPLES


def test_the_list_names_modules_that_exist():
    assert set(WITH_EXAMPLES) <= set(MODULES)
