"""Inversion: find the point of a space that agrees with what is known of a clip.

Every task is a context (:mod:`videospace.inrv.tasks`) and an inversion; its render fills in what
the context does not know.
"""

import operator
from collections.abc import Callable, Sequence
from functools import partial

import torch
from tqdm import tqdm

from videospace.inrv.context import Context, common_size
from videospace.inrv.encoder import can_guess
from videospace.inrv.inr import joined_layers
from videospace.inrv.inversion_config import InversionConfig
from videospace.inrv.search import Inversion, search
from videospace.inrv.space import VideoSpace
from videospace.runtime.errors import UserError
from videospace.runtime.memory import memory_errors_advise
from videospace.runtime.progress import Progress

__all__ = ["Inversion", "InversionConfig", "Keep", "invert"]

Keep = Callable[[Callable[[], Inversion]], Inversion]
"""Is given what finds the next part of an inversion, and calls it or gives what it found before."""

ROWS_AT_ONCE = 64
"""Latents that are looked for side by side; an interrupt loses no more than these."""

ROWS_AT_ONCE_ON_CPU = 16
"""The same on a CPU, where more of them are not quicker."""


def invert(
    space: VideoSpace,
    contexts: Sequence[Context],
    config: InversionConfig | None = None,
    *,
    keep: Keep = operator.call,
    progress: Progress = False,
) -> Inversion:
    """Find the latents whose renders agree with contexts.

    Args:
        space: It is left as it is.
        contexts: What is known of some clips, all of one size, which need not be the space's.
        config: How to look.
        keep: Finds, or remembers, one part after another, so that an interrupt does not lose what
            is done.
        progress: Show a progress bar in a terminal; or a function, which is called after each step
            and ends the search by raising.

    Returns:
        ``config.samples`` answers for each context.

    Raises:
        UserError: No contexts, contexts of several sizes, a space of a single clip, too little
            memory, or an encoder is asked for and the space has none.

    Example:
        >>> from videospace.inrv.model import InrvModel, ModelConfig
        >>> from videospace.inrv.space import ClipShape
        >>> from videospace.inrv.tasks import prediction
        >>> shape = ClipShape(num_frames=4, height=6, width=6, fps=25.0)
        >>> model, latents = InrvModel(ModelConfig()), torch.randn(3, 128)
        >>> space = VideoSpace(model, latents, ["a", "b", "c"], shape)
        >>> context = prediction(space.render(latents[0]))
        >>> found = invert(space, [context], InversionConfig(max_steps=2))
        >>> space.render(found.latents).shape
        (1, 4, 6, 6, 3)
    """
    config = config or InversionConfig()
    common_size(contexts)
    _require_start(space, contexts, config)
    most = ROWS_AT_ONCE_ON_CPU if space.device.type == "cpu" else ROWS_AT_ONCE
    at_once = max(1, most // (config.samples * config.restarts))
    steps_each = config.max_steps + (config.refine_steps if config.refine == "weights" else 0)
    starts = range(0, len(contexts), at_once)
    shown = True if callable(progress) or progress is False else None
    most_steps = len(starts) * steps_each
    told = 0

    def stepped() -> None:
        nonlocal told
        bar.update()
        told += 1
        if callable(progress):
            progress(told / most_steps, f"step {told} of at most {most_steps}")

    parts = []
    with (
        memory_errors_advise("--points-per-clip, --samples or --restarts"),
        tqdm(total=most_steps, desc="inverting", unit="step", disable=shown) as bar,
    ):
        for index, start in enumerate(starts):
            batch = contexts[start : start + at_once]
            parts.append(keep(partial(search, space, batch, config, config.seed + index, stepped)))
            told = (index + 1) * steps_each
            bar.update(told - bar.n)
    return _joined(parts)


def _joined(parts: Sequence[Inversion]) -> Inversion:
    """The inversions of several batches as one."""
    changes = [part.changes for part in parts if part.changes is not None]
    return Inversion(
        latents=torch.cat([part.latents for part in parts]),
        context_l1=torch.cat([part.context_l1 for part in parts]),
        changes=joined_layers(changes) if changes else None,
        steps=sum(part.steps for part in parts),
        seconds=sum(part.seconds for part in parts),
    )


def _require_start(space: VideoSpace, contexts: Sequence[Context], config: InversionConfig) -> None:
    """Refuse to begin with the guess of an encoder where there is none, or to end with it."""
    if space.encoder is None and (config.start == "encoder" or not config.max_steps):
        raise UserError(
            "the space has no encoder to begin with: train one with 'videospace encoder', "
            "or start at the mean and take steps"
        )
    encoder = space.encoder
    if encoder and not config.max_steps and not all(can_guess(encoder, one) for one in contexts):
        raise UserError(
            "too little of some clip is seen for an encoder alone: expected max_steps of at least 1"
        )
