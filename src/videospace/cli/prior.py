"""``videospace prior``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.inrv.generation.flow_training import FlowTrainingConfig, train_flow
from videospace.inrv.space.files import FLOW_FILE, write_flow
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock


@dataclasses.dataclass(frozen=True)
class Prior:
    """Learn how the clips of a space are distributed in it, to sample new ones that hold up.

    A small network learns to turn noise into latents, for 'sample --method flow'. The space does
    not change; after an interrupt the folder is as before.
    """

    space: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPACE")]
    """Folder of the space."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    training: Annotated[FlowTrainingConfig, tyro.conf.arg(name="")] = FlowTrainingConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, train the flow, and write it."""
    command = parse(Prior, arguments, "videospace prior")
    if not command.space.is_dir():  # a name alone would open a pretrained space
        raise UserError(f"expected a space, but there is no folder '{command.space}'")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    with folder_lock(command.space):
        report = train_flow(space, command.training)
        write_flow(command.space, space.flow, space.fingerprint())
    print(
        f"wrote {command.space / FLOW_FILE}: {report.steps} steps in {report.seconds:.0f} s, of "
        f"which the first {report.best_step} are kept; of held-out latents it explains "
        f"{100 * report.explained:.1f} % (0 is what their mean explains)"
    )
    print(f"next: videospace sample {command.space} --method flow --out samples.png")
