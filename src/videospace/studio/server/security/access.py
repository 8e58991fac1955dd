"""Who may ask: the right address, no other site, the access code, the token; and safe answers."""

import asyncio
import dataclasses
import hmac
import http.cookies
import ipaddress
import math
import secrets
import socket
import time
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videospace.studio.server.errors import problem
from videospace.studio.server.uploads.uploads import body_limits

TOKEN_HEADER = "X-Studio-Token"
COOKIE = "__Host-studio"
SESSION_PATH = "/api/session"
MOST_TRIES, TRY_SECONDS = 10, 60.0

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), display-capture=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
"""Go with every answer: nothing but the studio's own files, on its own page."""


@dataclasses.dataclass(kw_only=True)
class Keys:
    """What lets a page in; made anew whenever the studio starts."""

    code: str | None = None
    """The access code; None where only this machine can ask."""
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """A page reads it and sends it along; another site cannot read it."""
    cookie: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """Held by a browser in which the code was given."""
    _tries: deque[float] = dataclasses.field(default_factory=lambda: deque(maxlen=MOST_TRIES))

    def opens(self, code: str) -> bool:
        """Whether it is the access code.

        Raises:
            HTTPException: Too many wrong ones came (429).
        """
        now = time.monotonic()
        if len(self._tries) == MOST_TRIES and now - self._tries[0] < TRY_SECONDS:
            raise HTTPException(429, "too many wrong codes: wait a minute and try again")
        if self.code is not None and hmac.compare_digest(_plain(code), _plain(self.code)):
            return True
        self._tries.append(now)
        return False

    def has_cookie(self, headers: Mapping[str, str]) -> bool:
        """Whether a request comes from a browser in which the code was given."""
        try:
            cookies = http.cookies.SimpleCookie(headers.get("cookie", ""))
        except http.cookies.CookieError:
            return False
        given = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(given.encode(), self.cookie.encode())


def _plain(code: str) -> bytes:
    return "".join(filter(str.isalnum, code)).lower().encode()


class Guard:
    """Lets through what the studio's own page asks; an ASGI application around another.

    Args:
        app: The application.
        keys: What lets a page in.
    """

    def __init__(self, app: ASGIApp, keys: Keys):
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        refused = self._refusal(scope, headers)
        if refused is not None:
            await problem(*refused)(scope, receive, send_safely)
            return
        await self._app(scope, _limited(receive, *_limits(scope, headers)), send_safely)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not is_own_host(host, tuple(scope["server"]) if scope.get("server") else None):
            return 421, "the studio does not answer under this address: use the one it printed"
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return 403, "another site may not ask the studio"
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"].startswith("/api/"):
            return 403, "another site may not ask the studio"
        most_bytes, _ = _limits(scope, headers)
        if _length(headers) > most_bytes:
            return 413, "that is too large for the studio"
        if not scope["path"].startswith("/api/") or scope["path"] == SESSION_PATH:
            return None
        if self._keys.code is not None and not self._keys.has_cookie(headers):
            return 401, "give the access code that the studio printed"
        given = headers.get(TOKEN_HEADER, "").encode()
        changes = scope["method"] not in ("GET", "HEAD")
        if changes and not hmac.compare_digest(given, self._keys.token.encode()):
            return 403, "the page is older than the studio: load it again"
        return None


def is_own_host(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header names this machine; a name that another site made up does not.

    Args:
        host: The header.
        server: The address and port at which the request arrived.

    Example:
        >>> is_own_host("localhost:8765", ("127.0.0.1", 8765))
        True
        >>> is_own_host("evil.example:8765", ("127.0.0.1", 8765))
        False
    """
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if server is None or parts.netloc != host or port not in (server[1], None):
        return False
    own = socket.gethostname().lower()
    try:
        address = ipaddress.ip_address(server[0])
    except ValueError:
        return name == server[0]
    if address.is_loopback:
        return name in ("127.0.0.1", "localhost", "::1")
    return name in (str(address), own, f"{own}.local")


def _limits(scope: Scope, headers: Headers) -> tuple[int, float]:
    """Those of :func:`body_limits`; who may not have given the code yet cannot send an upload."""
    kind = "" if scope["path"] == SESSION_PATH else headers.get("content-type", "")
    return body_limits(kind)


def _length(headers: Headers) -> float:
    """What a body says of its length; infinite where that is no number."""
    length = headers.get("content-length", "0")
    return float(length) if length.isdecimal() else math.inf


def _limited(receive: Receive, most_bytes: int, most_seconds: float) -> Receive:
    """For bodies that do not say how long they are, or never end."""
    num_bytes, is_whole = 0, False
    end = asyncio.get_running_loop().time() + most_seconds

    async def receive_some() -> Message:
        nonlocal num_bytes, is_whole
        try:
            async with asyncio.timeout_at(None if is_whole else end):
                message = await receive()
        except TimeoutError as error:
            # What is still to come of the body will not be read either.
            closing = {"Connection": "close"}
            raise HTTPException(408, "the request took too long: try again", closing) from error
        is_whole = not message.get("more_body", False)
        num_bytes += len(message.get("body", b""))
        if num_bytes > most_bytes:
            raise HTTPException(413, "that is too large for the studio")
        return message

    return receive_some
