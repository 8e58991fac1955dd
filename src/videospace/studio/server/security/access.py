"""Access control: the host, the origin, the key or code, the token, and safe response headers."""

import asyncio
import dataclasses
import hmac
import http.cookies
import math
import secrets
from typing import Literal

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from videospace.studio.languages.catalogues import chosen_language, current_language
from videospace.studio.server.errors import problem
from videospace.studio.server.security.addresses import is_own_host, is_own_origin
from videospace.studio.server.security.link_key import Invitations, LinkKey
from videospace.studio.server.security.wrong_codes import WrongCodes
from videospace.studio.server.uploads.uploads import TOO_LARGE, TOO_SLOW, body_limits

TOKEN_HEADER, TOKEN_PARAMETER = "X-Studio-Token", "token"
SESSION_PATH = "/api/session"
OWN_SITES = {"same-origin", "none"}
"""Values of Sec-Fetch-Site of requests by the studio's own page and by the person; another port of
this machine is "same-site"."""
REMEMBER_SECONDS = 400 * 24 * 3600
"""How long a browser of this machine stays let in after its last visit; browsers allow no more."""
NEEDS = {
    "code": "enter the access code that the studio printed",
    "key": (
        "this browser has not been let in: open the last address that the studio printed in its "
        "terminal window"
    ),
}
"""What a request is told without the code or the key."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
        "media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), display-capture=()",
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
    """The secrets that a page needs."""

    code: str | None = None
    """The access code for other devices; None if only this machine can reach the studio."""
    link: LinkKey | None = None
    """The key in the printed address; None if the code is asked instead, or nothing at all."""
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """Kept by the page and sent with each request. A browser gives it to no other port or site."""
    cookie: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    """Kept by a browser that gave the key or the code. No script of a page can read it."""
    invitations: Invitations = dataclasses.field(default_factory=Invitations)
    """Keys for one device each, which a page asked for that is let in."""
    _wrong_codes: WrongCodes = dataclasses.field(default_factory=WrongCodes)

    @property
    def needs(self) -> Literal["code", "key"] | None:
        """What a browser has to give."""
        if self.code is not None:
            return "code"
        return None if self.link is None else "key"

    def opens(self, given: str, address: str) -> bool:
        """Whether a text is the access code, the key or an invitation.

        Args:
            given: The text.
            address: IP address that it comes from.

        Raises:
            HTTPException: Too many wrong codes were tried (429).
        """
        if self.invitations.use(given):
            return True
        if self.link is not None:  # too long to guess: no lock, which another user could trigger
            return self.link.use(given)
        is_right = self.code is not None and hmac.compare_digest(
            _normalized(given), _normalized(self.code)
        )
        return self._wrong_codes.check(address, is_right=is_right)

    def admits(self, scope: Scope) -> bool:
        """Whether a request comes from a page of a browser that gave the key or the code.

        The cookie alone is not enough: a browser sends it to every port of the host, and so to any
        program of another user that gets the person to open its page. The token alone is not
        enough, either: it may stand in the address of a download.
        """
        return self.needs is None or (self._has_cookie(scope) and self.has_token(scope))

    def has_token(self, scope: Scope) -> bool:
        """Whether a request has the token, in its header or in the address of a download."""
        given = Headers(scope=scope).get(TOKEN_HEADER, "")
        if not given and scope["method"] == "GET":
            given = QueryParams(scope["query_string"]).get(TOKEN_PARAMETER, "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def _has_cookie(self, scope: Scope) -> bool:
        try:
            cookies = http.cookies.SimpleCookie(Headers(scope=scope).get("cookie", ""))
        except http.cookies.CookieError:
            return False
        name = cookie_name(scope)
        given = cookies[name].value if name in cookies else ""
        return hmac.compare_digest(given.encode(), self.cookie.encode())

    def let_in(self, scope: Scope, response: Response) -> None:
        """Give the browser the cookie."""
        response.set_cookie(
            cookie_name(scope),
            self.cookie,
            max_age=None if self.link is None else REMEMBER_SECONDS,
            secure=scope["scheme"] == "https",
            httponly=True,
            samesite="strict",
        )


def cookie_name(scope: Scope) -> str:
    """The name of the cookie.

    A browser sends the cookies of a host to all its ports, so the name holds the port: each studio
    of a machine has its own. The prefix ``__Host-`` demands a Secure cookie. Not every browser
    takes one over plain HTTP, even from 127.0.0.1, so there the name has no prefix.
    """
    prefix = "__Host-" if scope["scheme"] == "https" else ""
    return f"{prefix}studio-{scope['server'][1]}"


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
        current_language.set(chosen_language(headers.get("accept-language", "")))
        refused = self._refusal(scope, headers)
        if refused is not None:
            await problem(*refused)(scope, receive, send_safely)
            return
        await self._app(scope, _limited(receive, *_limits(scope, headers)), send_safely)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not is_own_host(host, tuple(scope["server"]) if scope.get("server") else None):
            return 421, "the studio does not have this address: use the address that it printed"
        origins = headers.getlist("origin")
        if len(origins) > 1 or not all(
            is_own_origin(each, scope["scheme"], host) for each in origins
        ):
            return 403, "another site may not use the studio"
        sites = {each.strip().lower() for each in headers.getlist("sec-fetch-site")}
        if not sites <= OWN_SITES and scope["path"].startswith("/api/"):
            return 403, "another site may not use the studio"
        max_bytes, _ = _limits(scope, headers)
        if _length(headers) > max_bytes:
            return 413, TOO_LARGE
        if not scope["path"].startswith("/api/") or scope["path"] == SESSION_PATH:
            return None
        if self._keys.needs is not None:
            is_in = self._keys.admits(scope)
            return None if is_in else (401, NEEDS[self._keys.needs])
        changes = scope["method"] not in ("GET", "HEAD")
        if changes and not self._keys.has_token(scope):
            return 403, "the page is older than the studio: reload it"
        return None


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
            raise HTTPException(408, TOO_SLOW, closing) from error
        is_whole = not message.get("more_body", False)
        num_bytes += len(message.get("body", b""))
        if num_bytes > max_bytes:
            raise HTTPException(413, TOO_LARGE)
        return message

    return limited_receive
