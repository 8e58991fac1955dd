"""The caregiver's lock: a PIN that deletions and settings need, kept as a salted hash."""

import base64
import hashlib
import hmac
import re
import secrets

from videospace.runtime.errors import UserError

_SCRYPT = {"n": 2**14, "r": 8, "p": 1}
_METHOD = "scrypt"


def hashed_pin(pin: str) -> str:
    """Hash a PIN for the settings of a profile.

    The hash keeps the PIN from being read by chance. It does not withstand somebody who has the
    profile and tries all PINs: the lock guards against mistakes, not against attackers.

    Args:
        pin: Four to twelve digits.

    Raises:
        UserError: The PIN is something else.

    Example:
        >>> opens(hashed_pin("2580"), "2580"), opens(hashed_pin("2580"), "2581")
        (True, False)
    """
    if not re.fullmatch("[0-9]{4,12}", pin):
        raise UserError("a PIN has 4 to 12 digits, and nothing else: choose another one")
    salt = secrets.token_bytes(16)
    return "$".join((_METHOD, _text(salt), _text(_hash(pin, salt))))


def opens(kept: str, pin: str) -> bool:
    """Whether a PIN is the one that was hashed. A damaged hash is opened by no PIN.

    Args:
        kept: What :func:`hashed_pin` returned; empty for no lock, which everything opens.
        pin: The PIN that was entered.
    """
    if not kept:
        return True
    try:
        method, salt, digest = kept.split("$")
        found = _hash(pin, base64.b64decode(salt, validate=True))
        return method == _METHOD and hmac.compare_digest(found, base64.b64decode(digest))
    except ValueError:
        return False


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(errors="replace"), salt=salt, **_SCRYPT)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
