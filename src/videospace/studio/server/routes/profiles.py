"""Requests about people: their profiles, and what is learned from them."""

import contextlib
import dataclasses
import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from videospace.lipreading.profile.models import current_model
from videospace.lipreading.profile.records import ProfileSettings
from videospace.runtime.errors import UserError
from videospace.studio.server.routes.schemas import (
    LearningState,
    NewPerson,
    Person,
    PersonChanges,
    TrainingWish,
)
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.sessions.profiles import size_bytes
from videospace.studio.server.uploads.uploads import ARCHIVE, file_answer, save_body

ZIP = file_answer("application/zip")


def people_routes(house: House) -> APIRouter:
    """Everything below ``/people`` that is about a person as a whole."""
    routes = APIRouter(tags=["people"])

    @routes.get("/people")
    def list_people() -> list[Person]:
        found = []
        for identity in house.people.ids():
            try:
                found.append(_person(house, identity))
            except UserError as error:
                if identity in house.people.ids():  # else this person was deleted meanwhile
                    found.append(Person(id=identity, person=identity, damage=str(error)))
        return found

    @routes.post("/people", status_code=201)
    def add_person(new: NewPerson) -> Person:
        settings = ProfileSettings(person=new.person, language=new.language)
        return _person(house, house.people.create(settings))

    @routes.post("/people/import", status_code=201, openapi_extra=ARCHIVE.description)
    async def import_person(request: Request) -> Person:
        return await save_body(
            request, ARCHIVE, lambda path: _person(house, house.people.take_in(path))
        )

    @routes.get("/people/{person}")
    def show_person(person: str) -> Person:
        return _person(house, person)

    @routes.patch("/people/{person}")
    def change_person(person: str, changes: PersonChanges) -> Person:
        profile = house.people.find(person)
        given = changes.model_dump(exclude_none=True)
        if "phrases" in given:
            if any("\n" in phrase for phrase in given["phrases"]):
                raise UserError("expected phrases of one line each")
            given["phrases"] = "\n".join(given["phrases"])
        profile.change_settings(dataclasses.replace(profile.settings, **given))
        return _person(house, person)

    @routes.delete("/people/{person}", status_code=204)
    def delete_person(person: str) -> None:
        house.delete_person(person)

    @routes.get("/people/{person}/export", response_class=FileResponse, responses=ZIP)
    def export_person(person: str) -> FileResponse:
        with contextlib.ExitStack() as until_sent:
            folder = until_sent.enter_context(tempfile.TemporaryDirectory())
            path = Path(folder) / f"{house.people.find(person).folder.name}.zip"
            house.export(person, path)
            return FileResponse(
                path,
                media_type="application/zip",
                filename=path.name,
                background=BackgroundTask(until_sent.pop_all().close),
            )

    @routes.get("/people/{person}/learning")
    def show_learning(person: str) -> LearningState:
        return LearningState(**dataclasses.asdict(house.learner(person).learning))

    @routes.post("/people/{person}/learning", status_code=202)
    def start_learning(
        person: str, wish: Annotated[TrainingWish, Body(default_factory=TrainingWish)]
    ) -> LearningState:
        house.train(person, wish.minutes)
        return show_learning(person)

    @routes.delete("/people/{person}/learning")
    def stop_learning(person: str) -> LearningState:
        house.learner(person).stop()
        return show_learning(person)

    return routes


def _person(house: House, identity: str) -> Person:
    profile = house.people.find(identity)
    settings = profile.settings
    return Person(
        id=identity,
        person=settings.person,
        language=settings.language,
        finder=settings.finder,
        phrases=[line for line in settings.phrases.splitlines() if line.strip()],
        num_words=len(profile.words()),
        num_clips=len(profile.clips()),
        num_bytes=size_bytes(profile),
        can_train=current_model(profile, "encoder") is not None,
    )
