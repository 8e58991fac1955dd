"""Access control: the host, the origin, the access code, the token, and safe response headers."""

import asyncio
import dataclasses
import hmac
import http.cookies
import ipaddress
import math
import secrets
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videospace.studio.server.errors import problem
from videospace.studio.server.security.wrong_codes import WrongCodes
from videospace.studio.server.uploads.uploads import body_limits

TOKEN_HEADER = "X-Studio-Token"
COOKIE = "__Host-studio"
SESSION_PATH = "/api/session"

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
"""Headers of every answer: a page may load only the studio's own files."""


@dataclasses.dataclass(kw_only=True)
class Keys:
    """The secrets that a page needs; each start of the studio makes new ones."""

    code: str | None = None
    """The access code; None if only this machine can reach the studio."""
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """Sent with each change. The studio's page can read it, another site cannot."""
    cookie: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """Kept by a browser in which the code was entered."""
    _wrong_codes: WrongCodes = dataclasses.field(default_factory=WrongCodes)

    def opens(self, code: str, address: str) -> bool:
        """Whether a text is the access code.

        Args:
            code: The text.
            address: IP address that it comes from.

        Raises:
            HTTPException: Too many wrong codes were tried (429).
        """
        is_right = self.code is not None and hmac.compare_digest(
            _normalized(code), _normalized(self.code)
        )
        return self._wrong_codes.check(address, is_right=is_right)

    def has_cookie(self, headers: Mapping[str, str]) -> bool:
        """Whether a request comes from a browser in which the code was entered."""
        try:
            cookies = http.cookies.SimpleCookie(headers.get("cookie", ""))
        except http.cookies.CookieError:
            return False
        given = cookies[COOKIE].value if COOKIE in cookies else ""
        return hmac.compare_digest(given.encode(), self.cookie.encode())


def _normalized(code: str) -> bytes:
    return "".join(filter(str.isalnum, code)).lower().encode()


class AccessMiddleware:
    """ASGI middleware that lets only requests of the studio's own page through.

    Args:
        app: The application.
        keys: The secrets that a page needs.
    """

    def __init__(self, app: ASGIApp, keys: Keys):
        self._app, self._keys = app, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it to the application."""
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
            return 421, "the studio does not have this address: use the address that it printed"
        origin = headers.get("origin")
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return 403, "another site may not use the studio"
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"].startswith("/api/"):
            return 403, "another site may not use the studio"
        max_bytes, _ = _limits(scope, headers)
        if _length(headers) > max_bytes:
            return 413, "expected a smaller upload: this is too large for the studio"
        if not scope["path"].startswith("/api/") or scope["path"] == SESSION_PATH:
            return None
        if self._keys.code is not None and not self._keys.has_cookie(headers):
            return 401, "enter the access code that the studio printed"
        given = headers.get(TOKEN_HEADER, "").encode()
        changes = scope["method"] not in ("GET", "HEAD")
        if changes and not hmac.compare_digest(given, self._keys.token.encode()):
            return 403, "the page is older than the studio: reload it"
        return None


def is_own_host(host: str, server: tuple[str, int | None] | None) -> bool:
    """Whether a Host header names this machine. This stops DNS rebinding by other sites.

    Args:
        host: The header.
        server: The address and port that received the request.

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
    """Limits of the body. Before the access code is entered, no upload is allowed."""
    kind = "" if scope["path"] == SESSION_PATH else headers.get("content-type", "")
    return body_limits(kind)


def _length(headers: Headers) -> float:
    """The declared length of the body; infinite if it is not a number."""
    length = headers.get("content-length", "0")
    return float(length) if length.isdecimal() else math.inf


def _limited(receive: Receive, max_bytes: int, max_seconds: float) -> Receive:
    """Enforce the limits while a body arrives, for bodies without a declared length."""
    num_bytes, is_whole = 0, False
    end = asyncio.get_running_loop().time() + max_seconds

    async def limited_receive() -> Message:
        nonlocal num_bytes, is_whole
        try:
            async with asyncio.timeout_at(None if is_whole else end):
                message = await receive()
        except TimeoutError as error:
            # The rest of the body will not be read either.
            closing = {"Connection": "close"}
            raise HTTPException(408, "the request took too long: try again", closing) from error
        is_whole = not message.get("more_body", False)
        num_bytes += len(message.get("body", b""))
        if num_bytes > max_bytes:
            raise HTTPException(413, "expected a smaller upload: this is too large for the studio")
        return message

    return limited_receive
