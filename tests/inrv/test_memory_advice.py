"""Training, rendering and inversion say which flag to lower when memory is short."""

import pytest

from videospace.inrv.inversion import inversion
from videospace.inrv.inversion.contexts import Context
from videospace.inrv.inversion.tasks import prediction
from videospace.inrv.rendering import renderer as rendering
from videospace.inrv.training import loop as training
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.runtime.errors import UserError


def no_memory(*_: object, **__: object) -> None:
    raise MemoryError("7 GiB")


def test_training(store, tmp_path, make_config, monkeypatch):
    monkeypatch.setattr(training, "training_step", no_memory)
    message = "out of memory.*--batch.num-clips"
    with pytest.raises(UserError, match=message):
        train(store, tmp_path / "space", make_config(), TrainingOptions(progress=False))


def test_rendering(make_space, monkeypatch):
    space = make_space()
    monkeypatch.setattr(rendering, "to_uint8", no_memory)
    message = "out of memory.*--height"
    with pytest.raises(UserError, match=message):
        space.render(space.latents)
    with pytest.raises(UserError, match=message):
        next(space.render_frames(space.latents))


def test_inversion(make_space, monkeypatch):
    space = make_space()
    context: Context = prediction(space.render(space.latents[0]))
    monkeypatch.setattr(inversion, "minimize_with_adam", no_memory)
    message = "out of memory.*--samples"
    with pytest.raises(UserError, match=message):
        inversion.invert(space, [context])
