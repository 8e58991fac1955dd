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
    "videospace.clips.synthetic.bouncing_ball",
    "videospace.clips.store.clip_store",
    "videospace.reports.comparison",
    "videospace.clips.prepare",
    "videospace.clips.writing",
    "videospace.inrv.semantic.clip_pca",
    "videospace.inrv.inversion.contexts",
    "videospace.inrv.model.coordinates",
    "videospace.inrv.training.curriculum",
    "videospace.inrv.inversion.adam",
    "videospace.inrv.model.encoder",
    "videospace.inrv.inversion.encoder_training",
    "videospace.inrv.model.encoding",
    "videospace.inrv.model.inr",
    "videospace.inrv.inversion.inversion",
    "videospace.inrv.space.latent_files",
    "videospace.inrv.space.projection",
    "videospace.inrv.model.latents",
    "videospace.inrv.model.inrv_model",
    "videospace.inrv.training.objective",
    "videospace.inrv.training.optimizers",
    "videospace.inrv.space.named_latents",
    "videospace.inrv.space.latent_prior",
    "videospace.inrv.rendering.renderer",
    "videospace.inrv.space.sampling",
    "videospace.inrv.space.pretrained",
    "videospace.inrv.space.video_space",
    "videospace.inrv.inversion.tasks",
    "videospace.inrv.completion.windows",
    "videospace.metrics.context_error",
    "videospace.metrics.fidelity",
    "videospace.metrics.identity",
    "videospace.metrics.intervals",
    "videospace.inrv.training.presets",
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
