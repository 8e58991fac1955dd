"""``videospace lipread lock``."""

import dataclasses

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import ProfileFolder
from videospace.lipreading.profile.caregiver_lock import hashed_pin
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError


@dataclasses.dataclass(frozen=True)
class Lock:
    """Lock deletions and settings of a profile in the studio by a PIN, or remove the lock.

    Whoever can run this command needs no PIN: it also helps where the PIN is forgotten.
    """

    profile: ProfileFolder
    """Folder of the profile."""
    pin: str | None = None
    """Four to twelve digits."""
    remove: bool = False
    """Remove the lock."""


def main(arguments: list[str]) -> None:
    """Set or remove the PIN."""
    command = parse(Lock, arguments, "videospace lipread lock")
    if (command.pin is not None) == command.remove:
        raise UserError("expected --pin DIGITS or --remove")
    profile = Profile(command.profile)
    profile.update_settings(caregiver_pin="" if command.pin is None else hashed_pin(command.pin))
    print(f"'{command.profile}' is {'no longer locked' if command.remove else 'locked'}")
