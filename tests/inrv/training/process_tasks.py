"""Functions that the processes of ``test_training_distributed`` run."""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import torch
from tests.support.toy_spaces import KEYFRAMES, SEMANTIC, changed_model, toy_config, write_toy_store

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.model.inrv_model import ModelConfig
from videospace.inrv.training import data as training_data
from videospace.inrv.training.code_init import CodeInitConfig
from videospace.inrv.training.config import BatchConfig, TrainingConfig
from videospace.inrv.training.data import TrainingClips
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.runtime import processes
from videospace.runtime.errors import AlreadyReportedError, UserError
from videospace.runtime.processes import init_process_group, is_first_process

OPTIONS = TrainingOptions(progress=False, log_every=1, checkpoint_seconds=1e9)
CPU = torch.device("cpu")
CUT_FROM_ONE, CUT_FROM_TWO = 7, 15
"""Steps at which a run by one process, and then by two, is stopped."""


def exact(**changes: object) -> TrainingConfig:
    """A toy training in which a sum over clips is rounded a little, whatever the processor."""
    return toy_config(precision="float32", **changes)


def without_dropout() -> ModelConfig:
    """Dropout is drawn anew by every process."""
    video_clip = dataclasses.replace(SEMANTIC.video_clip, dropout=0.0)
    return changed_model(latent=dataclasses.replace(SEMANTIC, video_clip=video_clip))


CONFIGS = {
    "points": exact(),
    "shares": exact(batch=BatchConfig(num_clips=4, points_per_clip=16, num_shards=2)),
    "whole grid": exact(batch=BatchConfig(num_clips=2, points_per_clip=None)),
    "keyframes": exact(model=changed_model(latent=KEYFRAMES)),
    "gaussian": exact(
        gaussian_weight=1.0, code_init=CodeInitConfig(method="gaussian", deviation=0.5)
    ),
    "semantic": exact(model=without_dropout()),
    "curriculum": exact(curriculum=True, curriculum_threshold=0.3),
    "components": exact(code_init=CodeInitConfig(method="pca")),
}
"""Trainings that have to end the same, whoever works on them."""


def a_store(folder: Path) -> ClipStore:
    """Five toy clips, of which two processes own three and two."""
    return write_toy_store(folder / "store")


def all_configs(folder: Path) -> None:
    """Train everything, in turn."""
    store = ClipStore.open(folder / "store")
    with init_process_group(CPU):
        for name, config in CONFIGS.items():
            train(store, folder / f"two {name}", config, OPTIONS)
        training_data.RESIDENT_BYTES = 0
        train(store, folder / "two from disk", CONFIGS["points"], OPTIONS)


def stop_by_second(folder: Path) -> None:
    """Go on with a run; the second process is asked to stop after some steps."""

    def stop(state):
        if state.progress.step == CUT_FROM_TWO and not is_first_process():
            os.kill(os.getpid(), signal.SIGTERM)

    report = train(folder / "store", folder / "cut", CONFIGS["points"], OPTIONS, stop)
    print(report.finished, report.step, report.points)


def not_finite(folder: Path) -> None:
    """Clips 1 and 2 belong to different processes, and both give NaN."""
    colors = TrainingClips.colors

    def broken(self, clips, points):
        result = colors(self, clips, points)
        result[(clips == 1) | (clips == 2)] = torch.nan
        return result

    TrainingClips.colors = broken
    batch = BatchConfig(num_clips=5, points_per_clip=16)
    train(folder / "store", folder / "nan", toy_config(batch=batch), OPTIONS)


def die(folder: Path) -> None:
    """The second process is killed after three steps, of which the first two are saved."""

    def fall(state):
        if state.progress.step == 3 and not is_first_process():
            os.kill(os.getpid(), signal.SIGKILL)

    options = dataclasses.replace(OPTIONS, checkpoint_seconds=-1.0)
    train(folder / "store", folder / "dead", CONFIGS["points"], options, fall)


def break_down(folder: Path) -> None:
    """The second process cannot go on for a reason of its own."""

    def fall(state):
        if state.progress.step == 3 and not is_first_process():
            raise MemoryError("no room")

    train(folder / "store", folder / "broken", CONFIGS["points"], OPTIONS, fall)


def too_many(folder: Path) -> None:
    """More processes than clips."""
    store = write_toy_store(folder / f"one {os.environ['RANK']}", num_clips=1)
    train(store, folder / "few", CONFIGS["points"], OPTIONS)


def run_task(
    task: str, folder: Path, rank: int, count: int, port: int, said: tuple[Path, Path]
) -> None:
    """Run one of the functions above as one of several processes, as torchrun would start it.

    The exit status is 2 after an error that is this process's to report, and 3 after one that
    another process reports.
    """
    for stream, path in zip((sys.stdout, sys.stderr), said, strict=True):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.environ |= {
        "WORLD_SIZE": str(count),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    torch.set_num_threads(1)
    processes.REASON_SECONDS = 120.0  # however busy the machine is
    try:
        globals()[task](folder)
    except AlreadyReportedError:
        sys.exit(3)
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
