"""``videospace encoder``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.inrv.inversion.encoder_training import EncoderTrainingConfig, train_encoder
from videospace.inrv.space.files import ENCODER_FILE, write_encoder
from videospace.inrv.space.video_space import VideoSpace
from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError
from videospace.runtime.files import folder_lock


@dataclasses.dataclass(frozen=True)
class Encoder:
    """Train an encoder for a space: a small network that guesses the latents of new videos.

    'invert', 'complete' and 'upscale' then start at its guess, and '--max-steps 0' returns the
    guess itself. The space does not change; after an interrupt the folder is as before.
    """

    space: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPACE")]
    """Folder of the space."""
    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STORE")]
    """Folder with the clips that the space was trained on; other clips in it are ignored."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""
    training: Annotated[EncoderTrainingConfig, tyro.conf.arg(name="")] = EncoderTrainingConfig()


def main(arguments: list[str]) -> None:
    """Parse the arguments, train the encoder, and write it."""
    command = parse(Encoder, arguments, "videospace encoder")
    if not command.space.is_dir():  # a name alone would open a pretrained space
        raise UserError(f"expected a space, but there is no folder '{command.space}'")
    space = VideoSpace.from_pretrained(command.space, choose_device(command.device))
    with folder_lock(command.space):
        report = train_encoder(space, command.store, command.training)
        write_encoder(command.space, space.encoder, space.fingerprint())
    print(
        f"wrote {command.space / ENCODER_FILE}: {report.steps} steps in {report.seconds:.0f} s; "
        f"its guesses reach {report.psnr_db:.1f} dB on training frames, shifted and stretched a bit"
    )
    print(f"next: videospace invert {command.space} VIDEO --out latents.npz --max-steps 0")
