"""The caregiver's PIN in the head of a request."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Request

from videospace.lipreading.profile.storage.damage import UnreadableProfile
from videospace.studio.server.sessions.app_state import AppState

Pin = Annotated[str | None, Header(alias="X-Studio-Pin", max_length=100)]
"""The PIN, where the request has one."""


def require_pin(state: AppState, profile_id: str, request: Request, pin: str | None) -> None:
    """Refuse a request to a locked profile that lacks the PIN.

    Raises:
        NotFound: There is no such profile.
        Locked: The PIN is missing or wrong.
    """
    address = "" if request.client is None else request.client.host
    try:
        kept = state.profiles.find(profile_id).settings.caregiver_pin
    except UnreadableProfile:  # nobody could open its lock
        return
    state.locks.require(kept, pin, address)


def guard_by_pin(state: AppState) -> Callable[..., None]:
    """A dependency of routes below ``/profiles/ID`` that a caregiver's lock protects."""

    def guard(profile_id: str, request: Request, pin: Pin = None) -> None:
        require_pin(state, profile_id, request, pin)

    return guard
