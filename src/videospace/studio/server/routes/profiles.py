"""Requests about whole profiles: create, change, import, export, delete and train them."""

import contextlib
import dataclasses
import datetime
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from videospace.lipreading.profile.caregiver_lock import hashed_pin
from videospace.lipreading.profile.models import current_model
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ProfileSettings
from videospace.runtime.messages import Message
from videospace.studio.languages.catalogues import chosen_language, translated
from videospace.studio.server.errors import NotFound
from videospace.studio.server.routes.pins import Pin, guard_by_pin, require_pin
from videospace.studio.server.routes.schemas import (
    NewProfile,
    PinChange,
    ProfileChanges,
    ProfileInfo,
    TrainingRequest,
    TrainingState,
)
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import damage_of, size_bytes
from videospace.studio.server.talk_settings import TalkSettings
from videospace.studio.server.uploads.uploads import ARCHIVE, file_answer, save_body

ZIP = file_answer("application/zip")
LOCKED_SETTINGS = {"person", "language", "finder", "notes"}
"""Settings that a caregiver's lock protects; the others belong to everyday talking."""
FIRST_PHRASES = Message("Yes\nNo\nHelp\nI am in pain")
"""The phrases of a new person, in their language."""
BACKUP_CLIPS, BACKUP_AGE = 20, datetime.timedelta(days=7)
"""A backup is due after so many new recordings, but not before the last one is so old."""


def profile_routes(state: AppState) -> APIRouter:
    """The routes below ``/profiles`` that concern a profile as a whole."""
    routes = APIRouter(tags=["profiles"])

    @routes.get("/profiles")
    def list_profiles() -> list[ProfileInfo]:
        found = []
        for identity in state.profiles.ids():
            try:
                found.append(_info(state, identity))
            except NotFound:  # deleted meanwhile
                pass
            except Exception as error:  # whatever is wrong with one, the others are there
                found.append(_damaged(state, identity, error))
        return found

    @routes.post("/profiles", status_code=201)
    def create_profile(new: NewProfile) -> ProfileInfo:
        phrases = translated(FIRST_PHRASES, chosen_language(new.language))
        settings = ProfileSettings(person=new.person, language=new.language, phrases=phrases)
        return _info(state, state.profiles.create(settings))

    @routes.post("/profiles/import", status_code=201, openapi_extra=ARCHIVE.description)
    async def import_profile(request: Request) -> ProfileInfo:
        return await save_body(
            request, ARCHIVE, lambda path: _info(state, state.profiles.import_archive(path))
        )

    @routes.get("/profiles/{profile_id}")
    def show_profile(profile_id: str) -> ProfileInfo:
        return _info(state, profile_id)

    @routes.patch("/profiles/{profile_id}")
    def change_profile(
        profile_id: str, changes: ProfileChanges, request: Request, pin: Pin = None
    ) -> ProfileInfo:
        profile = state.profiles.find(profile_id)
        given = changes.model_dump(exclude_none=True)
        if LOCKED_SETTINGS & given.keys():
            require_pin(state, profile_id, request, pin)
        if changes.person is not None:
            state.profiles.require_free_name(changes.person, of=profile_id)
        if "phrases" in given:
            given["phrases"] = "\n".join(given["phrases"])
        if changes.talk is not None:
            talk = TalkSettings.from_text(profile.settings.talk).changed(changes.talk)
            given["talk"] = talk.model_dump_json()
        profile.update_settings(**given)
        return _info(state, profile_id)

    @routes.put("/profiles/{profile_id}/lock", dependencies=[Depends(guard_by_pin(state))])
    def lock_profile(profile_id: str, change: PinChange) -> ProfileInfo:
        kept = "" if change.pin is None else hashed_pin(change.pin)
        state.profiles.find(profile_id).update_settings(caregiver_pin=kept)
        return _info(state, profile_id)

    @routes.delete(
        "/profiles/{profile_id}", status_code=204, dependencies=[Depends(guard_by_pin(state))]
    )
    def delete_profile(profile_id: str) -> None:
        state.delete_profile(profile_id)

    @routes.get("/profiles/{profile_id}/export", response_class=FileResponse, responses=ZIP)
    def export_profile(profile_id: str, as_is: bool = False) -> FileResponse:
        with contextlib.ExitStack() as until_sent:
            folder = until_sent.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / "profile.zip"
            if as_is:
                state.export_as_it_is(profile_id, path)
            else:
                state.export(profile_id, path)
            return FileResponse(
                path,
                media_type="application/zip",
                filename=f"{profile_id}{'-files' if as_is else ''}.zip",
                background=BackgroundTask(until_sent.pop_all().close),
            )

    @routes.get("/profiles/{profile_id}/training")
    def show_training(profile_id: str) -> TrainingState:
        return TrainingState(**dataclasses.asdict(state.training(profile_id).progress))

    @routes.post("/profiles/{profile_id}/training", status_code=202)
    def start_training(
        profile_id: str, wanted: Annotated[TrainingRequest, Body(default_factory=TrainingRequest)]
    ) -> TrainingState:
        state.train(profile_id, wanted.minutes)
        return show_training(profile_id)

    @routes.delete("/profiles/{profile_id}/training")
    def stop_training(profile_id: str) -> TrainingState:
        state.training(profile_id).stop()
        return show_training(profile_id)

    return routes


def _backup_is_due(profile: Profile) -> bool:
    saved = _moment(profile.settings.backed_up)
    if saved is not None and datetime.datetime.now(datetime.UTC) - saved < BACKUP_AGE:
        return False
    added = (_moment(clip.added) for clip in profile.clips())
    return sum(saved is None or time is None or time > saved for time in added) >= BACKUP_CLIPS


def _moment(text: str) -> datetime.datetime | None:
    """A time of a profile; None for none, or one that is no time."""
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _info(state: AppState, profile_id: str) -> ProfileInfo:
    profile = state.profiles.find(profile_id)
    profile.check()
    settings = profile.settings
    return ProfileInfo(
        id=profile_id,
        person=settings.person,
        language=settings.language,
        finder=settings.finder,
        phrases=[line for line in settings.phrases.splitlines() if line.strip()],
        context=settings.context,
        talk=TalkSettings.from_text(settings.talk),
        num_words=len(profile.words()),
        num_clips=len(profile.clips()),
        num_bytes=size_bytes(profile.folder),
        can_train=current_model(profile, "encoder") is not None,
        identity=settings.identity or profile_id,
        is_locked=bool(settings.caregiver_pin),
        notes=settings.notes,
        backed_up=_moment(settings.backed_up),
        backup_is_due=_backup_is_due(profile),
    )


def _damaged(state: AppState, profile_id: str, error: Exception) -> ProfileInfo:
    num_bytes = 0
    with contextlib.suppress(NotFound):  # deleted meanwhile
        num_bytes = size_bytes(state.profiles.folder_of(profile_id))
    return ProfileInfo(
        id=profile_id, person=profile_id, num_bytes=num_bytes, damage=damage_of(error)
    )
