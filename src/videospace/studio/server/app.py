"""The web application: pages, requests, and access control."""

from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import APIKeyHeader
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from videospace.runtime.messages import Message
from videospace.studio.server.devices import RemoteAddress, device_routes
from videospace.studio.server.errors import RESPONSES, handle_errors
from videospace.studio.server.routes.phrases import phrase_routes
from videospace.studio.server.routes.profiles import profile_routes
from videospace.studio.server.routes.progress import progress_routes
from videospace.studio.server.routes.schemas import AccessCode, PageSession
from videospace.studio.server.routes.space_jobs import space_job_routes
from videospace.studio.server.routes.spaces import space_routes
from videospace.studio.server.routes.speech import speech_routes
from videospace.studio.server.routes.symbols import symbol_routes
from videospace.studio.server.routes.words import word_routes
from videospace.studio.server.security.access import (
    SESSION_PATH,
    TOKEN_HEADER,
    AccessMiddleware,
    Keys,
)
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.shell import shell_routes
from videospace.studio.server.uploads.media import MediaProcess

STATIC = Path(__file__).parents[1] / "static"

WRONG = {
    "code": Message("wrong access code: the studio's terminal window shows it"),
    "key": Message(
        "wrong key, or one that was used: the studio's terminal window shows the next one"
    ),
}
"""What a browser is told that gives a wrong code or key."""


def build_app(
    state: AppState,
    spaces: Spaces,
    media: MediaProcess,
    symbols: SymbolSet,
    keys: Keys,
    remote: RemoteAddress | None = None,
) -> ASGIApp:
    """Build the studio as an ASGI application.

    Args:
        state: The profiles and their sessions.
        spaces: The video spaces.
        media: Speaks, and reads sounds and pictures.
        symbols: Pictures for phrases.
        keys: The secrets that a page needs.
        remote: Where other devices find the studio; None if they cannot.
    """
    app = FastAPI(
        title="videospace studio",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
    )
    handle_errors(app)

    @app.get(SESSION_PATH, tags=["session"])
    def begin(request: Request, response: Response) -> PageSession:
        if not keys.admits(request.scope):
            return PageSession(needs=keys.needs, token=None)
        if keys.link is not None:
            keys.let_in(request.scope, response)  # stay let in for another while
        return PageSession(needs=None, token=keys.token)

    @app.post(SESSION_PATH, tags=["session"])
    def enter(given: AccessCode, request: Request, response: Response) -> PageSession:
        address = request.client.host if request.client else ""
        if keys.needs is not None and not keys.opens(given.code, address):
            raise HTTPException(403, WRONG[keys.needs])
        keys.let_in(request.scope, response)
        return PageSession(needs=None, token=keys.token)

    token = APIKeyHeader(
        name=TOKEN_HEADER, auto_error=False, description="From /api/session, for every request"
    )
    routers = (
        profile_routes(state),
        word_routes(state),
        progress_routes(state),
        speech_routes(media),
        phrase_routes(state, media),
        symbol_routes(symbols),
        space_routes(spaces),
        space_job_routes(spaces),
        device_routes(remote, keys.invitations),
    )
    for routes in routers:
        app.include_router(routes, prefix="/api", dependencies=[Depends(token)])
    app.include_router(shell_routes(STATIC))
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return AccessMiddleware(app, keys)
