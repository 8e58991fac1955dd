"""Errors as JSON with one sentence."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from videospace.runtime.errors import BusyError, UserError
from videospace.studio.server.routes.schemas import Problem
from videospace.studio.server.sessions.profiles import NotThere

RESPONSES: dict[int | str, dict] = {
    "4XX": {"model": Problem, "description": "It was not done, and why"},
    503: {"model": Problem, "description": "Too much is going on at once"},
}

RETRY_SECONDS = {429: 60, 503: 2}
"""After which the same request may succeed, by status."""


def answer_errors(app: FastAPI) -> None:
    """Let an application answer every error in the one form."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _vanished)
    app.add_exception_handler(Exception, _unforeseen)


def problem(status: int, sentence: str) -> JSONResponse:
    """An answer that says why something was not done."""
    seconds = RETRY_SECONDS.get(status)
    headers = None if seconds is None else {"Retry-After": str(seconds)}
    return JSONResponse({"error": sentence}, status, headers)


def _user_error(_: Request, error: Exception) -> JSONResponse:
    statuses = {NotThere: 404, BusyError: 503}
    return problem(statuses.get(type(error), 422), str(error))


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return problem(422, f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}")


def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    sentences = {404: "there is nothing under this address", 405: "this cannot be done here"}
    answer = problem(error.status_code, sentences.get(error.status_code, str(error.detail)))
    answer.headers.update(error.headers or {})
    return answer


def _vanished(_: Request, __: Exception) -> JSONResponse:
    """For nobody: a page that is closed while it uploads is nothing to write a traceback about."""
    return problem(400, "the request broke off before its end")


def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    logging.getLogger("videospace.studio").error("unforeseen", exc_info=error)
    return problem(500, "something went wrong in the studio; its window says more")
