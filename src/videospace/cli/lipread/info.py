"""``videospace lipread info``."""

import dataclasses

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.media import list_media
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.text import counted

KINDS = {"voice": "own voice", "picture": "a picture"}


@dataclasses.dataclass(frozen=True)
class Info:
    """List the words, recordings and models of a profile."""

    profile: ProfileFolder
    """Folder of the profile."""
    clips: bool = False
    """Also list every recording, with its id."""


def main(arguments: list[str]) -> None:
    """Print the list."""
    command = parse(Info, arguments, "videospace lipread info")
    profile = Profile(command.profile)
    settings = profile.settings
    words, clips, kept = profile.words(), profile.clips(), models(profile)
    print(
        f"{settings.person}: {counted(len(words), 'word')}, {counted(len(clips), 'recording')}, "
        f"{counted(len(kept), 'model')}; strategy {settings.strategy}, language {settings.language}"
    )
    for word in words:
        spoken = "" if word.spoken == word.text else f", spoken '{word.spoken}'"
        note = f" ({word.note})" if word.note else ""
        recordings = counted(word.num_clips, "recording")
        print(f"  {word.text}: {recordings}, used {word.num_uses} ×{spoken}{note}")
        for clip in clips if command.clips else []:
            if clip.word == word.text:
                seconds = clip.num_frames / clip.fps
                print(f"    {clip.id}  {clip.added}  {seconds:.1f} s  {clip.domain}  {clip.source}")
    phrases = [line for line in settings.phrases.splitlines() if line.strip()]
    print(f"  phrases: {', '.join(phrases) or 'none'}")
    for record in list_media(profile):
        length = f", {record.seconds:.1f} s" if record.kind == "voice" else ""
        print(f"  {KINDS[record.kind]} for '{record.text}'{length}")
    for model in kept:
        print(f"  model {model.id}  {model.added}  {model.kind}  {model.strategy}")
