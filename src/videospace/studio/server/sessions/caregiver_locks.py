"""Who may delete and change settings, where a caregiver has locked a profile by a PIN."""

import datetime

from videospace.lipreading.profile.caregiver_lock import opens
from videospace.lipreading.profile.storage.records import ClipRecord
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.errors import Locked
from videospace.studio.server.security.wrong_codes import WrongCodes

UNDO_HOURS = 24.0
"""A recording younger than this needs no PIN to be deleted: *Undo* deletes the last word's."""


class CaregiverLocks:
    """Checks the PINs of profiles, and slows down who tries them out."""

    def __init__(self) -> None:
        self._wrong_pins = WrongCodes()

    def require(self, kept: str, pin: str | None, address: str) -> None:
        """Let a request pass whose PIN opens the lock, or any where there is no lock.

        Args:
            kept: The hash of the PIN in the settings of the profile; empty for no lock.
            pin: The PIN of the request; None where it has none.
            address: IP address that it comes from.

        Raises:
            Locked: The PIN is missing or wrong.
            HTTPException: Too many wrong PINs were tried (429).
        """
        if not kept:
            return
        if pin is None:
            raise Locked(Message("the caregiver has locked this: enter the PIN"))
        if not self._wrong_pins.check(address, is_right=opens(kept, pin)):
            raise Locked(
                Message(
                    "this is not the PIN: try again, or ask the caregiver who set it. "
                    "'videospace lipread lock PROFILE --remove' removes it"
                )
            )


def is_undo(clip: ClipRecord) -> bool:
    """Whether a recording is so new that deleting it only takes back what was just done."""
    try:
        added = datetime.datetime.fromisoformat(clip.added)
        added = added if added.tzinfo else added.replace(tzinfo=datetime.UTC)
    except ValueError as error:
        raise UserError(
            Message("the time of this recording is damaged: restore a backup")
        ) from error
    age = datetime.datetime.now(datetime.UTC) - added
    return age < datetime.timedelta(hours=UNDO_HOURS)
