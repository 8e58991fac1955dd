"""The application: pages, requests, and the guard before them."""

from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from fastapi.security import APIKeyHeader
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from videospace.studio.server.errors import RESPONSES, answer_errors
from videospace.studio.server.routes.profiles import people_routes
from videospace.studio.server.routes.progress import progress_routes
from videospace.studio.server.routes.schemas import AccessCode, Session
from videospace.studio.server.routes.spaces import space_routes
from videospace.studio.server.routes.words import word_routes
from videospace.studio.server.security.access import COOKIE, SESSION_PATH, TOKEN_HEADER, Guard, Keys
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.sessions.spaces import Spaces

STATIC = Path(__file__).parents[1] / "static"


def build_app(house: House, spaces: Spaces, keys: Keys) -> ASGIApp:
    """The studio as an ASGI application.

    Args:
        house: Its people.
        spaces: Its video spaces.
        keys: What lets a page in.
    """
    app = FastAPI(
        title="videospace studio",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
    )
    answer_errors(app)

    @app.get(SESSION_PATH, tags=["session"])
    def begin(request: Request) -> Session:
        is_open = keys.code is None or keys.has_cookie(request.headers)
        return Session(needs_code=not is_open, token=keys.token if is_open else None)

    @app.post(SESSION_PATH, tags=["session"])
    def give_code(given: AccessCode, response: Response) -> Session:
        if not keys.opens(given.code):
            raise HTTPException(403, "that is not the access code: look at where the studio runs")
        response.set_cookie(COOKIE, keys.cookie, secure=True, httponly=True, samesite="strict")
        return Session(needs_code=False, token=keys.token)

    token = APIKeyHeader(
        name=TOKEN_HEADER, auto_error=False, description="From GET /api/session, for every change"
    )
    routers = (
        people_routes(house),
        word_routes(house),
        progress_routes(house),
        space_routes(spaces),
    )
    for routes in routers:
        app.include_router(routes, prefix="/api", dependencies=[Depends(token)])
    app.mount("/", StaticFiles(directory=STATIC, html=True))
    return Guard(app, keys)
