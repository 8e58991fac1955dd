"""What a phone or tablet needs to open the studio: its address, as a picture to scan as well."""

import dataclasses
import io
import sys

import segno
from fastapi import APIRouter
from pydantic import BaseModel

from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message
from videospace.studio.server.security.link_key import VALID_MINUTES, Invitations, keyed_address

STEPS = """\
Other devices in this network can open the studio now. On a phone or tablet in the same network:

  1. Point the camera at the picture{picture}, or type the address.
  2. The browser warns that the connection is not private, because the studio made the certificate
     itself. Compare its SHA-256 fingerprint in the browser with the one below. If they are equal,
     continue ("Advanced"). If they differ, another computer answers: do not enter the code.
  3. Enter the access code, and allow the camera.
  4. "Add to Home Screen" in the menu of the browser makes an icon that opens the studio.

  address:     {address}
  access code: {code}
  certificate: {fingerprint}
"""
ONLY_HERE = Message(
    "only this machine can open the studio: for a phone or tablet, end it, and start it with "
    "videospace studio --allow-remote --open"
)
WHITE_ON_BLACK, USUAL_COLORS = "\033[97;40m", "\033[0m"


@dataclasses.dataclass(frozen=True, kw_only=True)
class RemoteAddress:
    """Where other devices find the studio."""

    address: str
    """The address of the page, which they open over TLS."""
    fingerprint: str
    """SHA-256 of the certificate that they are shown."""


class DevicesInfo(BaseModel):
    """Whether other devices can open the studio."""

    address: str | None
    """Where; None if only this machine can."""
    fingerprint: str | None
    """SHA-256 of the certificate."""


class Invitation(BaseModel):
    """An address that lets one device in, once."""

    link: str
    picture: str
    """The address as a QR code, in SVG."""
    valid_minutes: int


def device_routes(remote: RemoteAddress | None, invitations: Invitations) -> APIRouter:
    """The routes of pages that let another device in.

    Args:
        remote: Where other devices find the studio; None if they cannot.
        invitations: The keys that the access control takes.
    """
    routes = APIRouter(prefix="/devices", tags=["devices"])

    @routes.get("")
    def read_devices() -> DevicesInfo:
        if remote is None:
            return DevicesInfo(address=None, fingerprint=None)
        return DevicesInfo(address=remote.address, fingerprint=remote.fingerprint)

    @routes.post("/invitations", status_code=201)
    def invite() -> Invitation:
        if remote is None:
            raise UserError(ONLY_HERE)
        link = keyed_address(remote.address, invitations.new())
        return Invitation(link=link, picture=qr_drawing(link), valid_minutes=VALID_MINUTES)

    return routes


def qr_drawing(text: str) -> str:
    """A text as a QR code in SVG, dark on white whatever the colors of the page."""
    drawn = io.BytesIO()
    code = segno.make(text, micro=False)
    code.save(drawn, kind="svg", scale=6, border=4, light="white", xmldecl=False)
    return drawn.getvalue().decode()


def steps(remote: RemoteAddress, code: str | None) -> str:
    """What the terminal window says to whoever holds the other device, with a QR code."""
    picture = _qr_text(remote.address)
    words = STEPS.format(
        picture=" below" if picture else "", code=code, **dataclasses.asdict(remote)
    )
    return f"{words}\n{picture}"


def _qr_text(text: str) -> str:
    """A QR code of block characters; empty where the output lacks them."""
    drawn = io.StringIO()
    segno.make(text, micro=False).terminal(drawn, border=4, compact=True)
    try:
        drawn.getvalue().encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return ""
    lines = drawn.getvalue().splitlines()
    if sys.stdout.isatty():  # black on white in a light window, too
        lines = [f"{WHITE_ON_BLACK}{line}{USUAL_COLORS}" for line in lines]
    return "\n".join([*lines, ""])
