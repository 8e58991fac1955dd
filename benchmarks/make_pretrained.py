"""Makes the small spaces that come with the package, in half precision, from drawn clips.

    python -m benchmarks.make_pretrained moving-mnist
    python -m benchmarks.make_pretrained bouncing-ball

Nothing is taken from elsewhere: the balls and the digits are drawn by the package itself, so that
no licence but its own holds for the weights.
"""

import dataclasses
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import tyro

from benchmarks.support.common import say
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.synthetic.bouncing_ball import write_bouncing_ball
from videospace.clips.synthetic.moving_mnist import MovingMnistConfig, write_moving_mnist
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.pretrained import PRETRAINED_FOLDER
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.config import TrainingConfig
from videospace.inrv.training.evaluation import evaluate
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.inrv.training.presets import fast, tiny
from videospace.runtime.errors import UserError

SCORES = ("psnr_db", "psnr_moving_db", "ssim")


@dataclasses.dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """Makes a space that comes with the package."""

    name: Annotated[Literal["bouncing-ball", "moving-mnist"], tyro.conf.Positional]
    """The space to make."""
    out: Path | None = None
    """Folder to write; None is its folder in the package."""
    seed: int = 0
    """Seed of the clips and the training."""
    work: Path | None = None
    """Folder for clips and training, where an interrupted call goes on; None takes a temporary one.
    """


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """The clips, the training and the description of a space."""

    write_clips: Callable[[Path, int], ClipStore]
    """Draws the clips into a folder, with a seed."""
    training: TrainingConfig
    """How it is trained; by points, not by time, so that any machine makes nearly the same."""
    about: str
    """Description on its card."""


def bouncing_ball() -> Recipe:
    """``tiny`` with a narrower hypernetwork; about a minute on two CPU cores."""
    model = dataclasses.replace(tiny().model, hypernetwork=HypernetworkConfig(hidden_width=64))
    return Recipe(
        write_clips=lambda folder, seed: write_bouncing_ball(folder),
        training=dataclasses.replace(tiny(), model=model),
        about="It shows a blue ball that runs from wall to wall, at a height of its own in every "
        "clip. Drawn by videospace; made by `benchmarks/make_pretrained.py`.",
    )


def moving_mnist() -> Recipe:
    """``fast`` with a latent for every frame and smaller networks; about two minutes."""
    model = dataclasses.replace(
        fast().model,
        latent=LatentConfig(width=64, num_keyframes=20),
        inr=dataclasses.replace(fast().model.inr, hidden_width=64),
        hypernetwork=HypernetworkConfig(hidden_width=128),
    )
    training = dataclasses.replace(
        fast(),
        model=model,
        batch=dataclasses.replace(fast().batch, important_fraction=0.5),
        total_points=24e6,
    )
    return Recipe(
        write_clips=lambda folder, seed: write_moving_mnist(
            folder, MovingMnistConfig(num_clips=100, seed=seed)
        ),
        training=training,
        about="It shows two digits that drift through a dark frame. The digits are drawn by "
        "videospace in the manner of handwriting (`videospace prepare moving-mnist`): the space "
        "has seen none of the MNIST files. Made by `benchmarks/make_pretrained.py`.",
    )


RECIPES = {"bouncing-ball": bouncing_ball, "moving-mnist": moving_mnist}


def make(recipe: Recipe, out: Path, seed: int = 0, work: Path | None = None) -> VideoSpace:
    """Draw clips, train a space, round it to half precision, score it and write it.

    Args:
        recipe: The clips and the training.
        out: Folder of the space.
        seed: Seed of the clips and the training.
        work: Folder for clips and training; None takes a temporary one.

    Returns:
        The space as it opens from that folder.
    """
    with tempfile.TemporaryDirectory() as temporary:
        work = work or Path(temporary)
        store = recipe.write_clips(work / "clips", seed)
        config = dataclasses.replace(recipe.training, seed=seed)
        report = train(store, work / "space", config, TrainingOptions(log_every=100))
        if not report.finished:
            raise KeyboardInterrupt
        VideoSpace.from_pretrained(work / "space").save_pretrained(out, precision="float16")
        space = VideoSpace.from_pretrained(out)
        scores = evaluate(space, store).summary()
    space.about = recipe.about
    space.scores = {name: scores[name] for name in SCORES} | {"train_points": report.points}
    space.save_pretrained(out, precision="float16")
    size = sum(path.stat().st_size for path in out.iterdir())
    say(f"{out}: {size / 2**20:.2f} MiB, {report.seconds:.0f} s of training, {space.scores}")
    return space


def main(arguments: list[str] | None = None) -> None:
    """Run from the command line."""
    program = "python -m benchmarks.make_pretrained"
    options = tyro.cli(MakeOptions, prog=program, args=arguments)
    out = options.out or PRETRAINED_FOLDER / options.name
    try:
        make(RECIPES[options.name](), out, options.seed, options.work)
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from error
    except KeyboardInterrupt as interrupt:
        say("interrupted; with --work, the same command goes on from here")
        raise SystemExit(130) from interrupt


if __name__ == "__main__":
    main()
