"""``videospace lipread say``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.synthesis.espeak import EspeakSynthesizer
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Say:
    """Speak a text in the language of a profile, and write the sound to a WAV file."""

    profile: ProfileFolder
    """Folder of the profile."""
    text: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="TEXT")] = None
    """What to speak."""
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.wav")] = None
    """The WAV file to write."""
    voice: str | None = None
    """Voice; None takes the plainest one for the language of the profile."""
    rate: float = 1.0
    """Speed: 2 is twice as fast."""
    pitch: float = 1.0
    """Height of the voice: above 1 is higher."""
    voices: bool = False
    """List the voices instead, with their languages."""


def main(arguments: list[str]) -> None:
    """Write the file, or list the voices."""
    command = parse(Say, arguments, "videospace lipread say")
    settings = Profile(command.profile).settings
    synthesizer = EspeakSynthesizer()
    if command.voices:
        for voice in sorted(synthesizer.voices(), key=lambda each: each.name):
            print(f"{voice.name:20}  {voice.title}")
        return
    if command.text is None or command.out is None:
        raise UserError(
            "expected a text and a file to write, such as: "
            "videospace lipread say PROFILE 'good morning' --out morning.wav"
        )
    speech = synthesizer.speak(
        command.text, command.voice or settings.language, rate=command.rate, pitch=command.pitch
    )
    speech.save(command.out)
    print(f"wrote {command.out}: {speech.seconds:.1f} s")
