"""Errors of requests, answered as JSON with one sentence."""

import contextlib
import logging
from collections.abc import Iterator

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from videospace.lipreading.profile.storage.damage import UnreadableProfile
from videospace.runtime.errors import BusyError, CannotWriteError, UserError
from videospace.runtime.messages import Message, message_of
from videospace.studio.languages.catalogues import translated
from videospace.studio.server.routes.schemas import Problem

RESPONSES: dict[int | str, dict] = {
    "4XX": {"model": Problem, "description": "The request was refused, with the reason"},
    503: {"model": Problem, "description": "The studio is busy"},
}

RETRY_SECONDS = {429: 60, 503: 2}
"""By status, the time after which the same request may succeed."""


class NotFound(UserError):
    """What a request names does not exist, or no longer."""


class Locked(UserError):
    """The caregiver has locked this by a PIN, which the request lacks."""


NOTHING_HERE = Message("there is nothing at this address")
NO_ROOM = Message(
    "the studio cannot save: the disk of its machine is full, or may not be written to; nothing "
    "that was saved is lost: make room, then try again"
)

FIELDS = {
    "person": Message("the name"),
    "text": Message("the text"),
    "word": Message("the word"),
    "spoken": Message("the spoken form"),
    "phrases": Message("the phrase"),
    "notes": Message("the note"),
    "pin": Message("the PIN"),
}
"""What people call the fields that they fill in."""


def handle_errors(app: FastAPI) -> None:
    """Make an application answer every error in the same form."""
    app.add_exception_handler(UserError, _user_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)
    app.add_exception_handler(Exception, _unexpected)


@contextlib.contextmanager
def failing(what: Message) -> Iterator[None]:
    """Says first what failed, where the library gives a reason that is English in every language.

    Args:
        what: Failed, if an error is raised.

    Example:
        >>> with failing(Message("nothing was sampled")):
        ...     raise UserError("expected a lower --seed, got 9")
        Traceback (most recent call last):
        ...
        videospace.runtime.errors.UserError: nothing was sampled: expected a lower --seed, got 9
    """
    try:
        yield
    except (NotFound, Locked, BusyError, CannotWriteError):  # they have an answer of their own
        raise
    except UserError as error:
        reason = message_of(error)
        if isinstance(reason, Message):
            raise
        raise UserError(Message("{failed}: {reason}", failed=what, reason=reason)) from error


def problem(status: int, sentence: str) -> JSONResponse:
    """An answer that says why a request was refused, in the language of the request."""
    seconds = RETRY_SECONDS.get(status)
    headers = None if seconds is None else {"Retry-After": str(seconds)}
    # What a file or request holds may be named, and be half a character.
    text = translated(sentence).encode(errors="backslashreplace").decode()
    return JSONResponse({"error": text}, status, headers)


def _user_error(_: Request, error: Exception) -> JSONResponse:
    statuses = {NotFound: 404, Locked: 423, BusyError: 503}
    sentence = message_of(error)
    if isinstance(error, CannotWriteError):  # its sentence names folders of this machine
        logging.getLogger("videospace.studio").warning("%s", sentence)
        sentence = NO_ROOM
    elif isinstance(error, UnreadableProfile):  # without the path of the folder
        sentence = Message(
            "the profile of this person cannot be opened, {reason}", reason=error.reason
        )
    return problem(statuses.get(type(error), 422), sentence)


def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    named = next((FIELDS[part] for part in first["loc"] if part in FIELDS), None)
    if named and first["type"] == "string_too_long":
        most = first["ctx"]["max_length"]
        return problem(
            422, Message("{field} is too long: use at most {most} letters", field=named, most=most)
        )
    if named and first["type"] == "string_too_short":
        return problem(422, Message("{field} is empty: type it first", field=named))
    own = first.get("ctx", {}).get("error")
    reason = message_of(own) if isinstance(own, UserError) else first["msg"]
    if isinstance(reason, Message):
        return problem(422, reason)
    reason = reason[:1].lower() + reason[1:]
    return problem(
        422,
        Message(
            "the studio cannot use what was asked for: {field}: {reason}",
            field=where,
            reason=reason,
        ),
    )


def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    sentences = {404: NOTHING_HERE, 405: Message("this address has no such method")}
    answer = problem(error.status_code, sentences.get(error.status_code, error.detail))
    answer.headers.update(error.headers or {})
    return answer


def _disconnected(_: Request, __: Exception) -> JSONResponse:
    """Nobody reads this answer. Without it, a page that is closed mid-upload logs a traceback."""
    return problem(400, "the request was cut off")


def _unexpected(_: Request, error: Exception) -> JSONResponse:
    logging.getLogger("videospace.studio").error("unexpected error", exc_info=error)
    return problem(
        500, Message("something went wrong in the studio; its terminal window says what")
    )
