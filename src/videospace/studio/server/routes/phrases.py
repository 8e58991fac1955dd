"""Requests about what goes with phrases and words: pictures, own voice, and what was said."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from videospace.lipreading.profile.media import delete_media, keep_media, list_media, load_media
from videospace.lipreading.profile.storage.records import MediaKind
from videospace.lipreading.profile.usage.speaking import add_said, delete_said, said, suggestions
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message, message_of
from videospace.studio.server.errors import NotFound
from videospace.studio.server.routes.schemas import Text
from videospace.studio.server.routes.speech_schemas import Media, NewSaid, Said
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.uploads.media import MediaProcess
from videospace.studio.server.uploads.uploads import PICTURE, SOUND, file_answer, read_body

FILES = file_answer("image/webp", "audio/flac")
TYPES: dict[MediaKind, str] = {"picture": "image/webp", "voice": "audio/flac"}


def phrase_routes(state: AppState, media: MediaProcess) -> APIRouter:
    """The routes below ``/profiles/ID`` that concern phrases and speaking."""
    routes = APIRouter(prefix="/profiles/{profile_id}", tags=["phrases"])

    @routes.get("/media")
    def list_all(profile_id: str) -> list[Media]:
        return [Media.model_validate(each) for each in list_media(state.profiles.find(profile_id))]

    @routes.get("/media/{identity}", response_class=Response, responses=FILES)
    def show(profile_id: str, identity: str) -> Response:
        profile = state.profiles.find(profile_id)
        if identity not in {each.id for each in list_media(profile)}:
            raise NotFound(
                Message("there is no such picture or recording: it may be deleted already")
            )
        record, content = load_media(profile, identity)
        return Response(content, media_type=TYPES[record.kind])

    @routes.put("/picture", openapi_extra=PICTURE.description)
    async def keep_picture(
        request: Request, profile_id: str, text: Annotated[Text, Query()]
    ) -> Media:
        def keep(content: bytes) -> Media:
            profile = state.profiles.find(profile_id)
            record = keep_media(profile, text, "picture", media.read_picture(content))
            return Media.model_validate(record)

        return await read_body(request, PICTURE, keep)

    @routes.put("/voice", openapi_extra=SOUND.description)
    async def keep_voice(
        request: Request, profile_id: str, text: Annotated[Text, Query()]
    ) -> Media:
        def keep(content: bytes) -> Media:
            profile = state.profiles.find(profile_id)
            voice, seconds = media.read_voice(content)
            return Media.model_validate(keep_media(profile, text, "voice", voice, seconds=seconds))

        return await read_body(request, SOUND, keep)

    @routes.delete("/media", status_code=204)
    def delete(profile_id: str, kind: MediaKind, text: Annotated[Text, Query()]) -> None:
        profile = state.profiles.find(profile_id)
        try:
            delete_media(profile, text, kind)
        except UserError as error:
            raise NotFound(message_of(error)) from error

    @routes.get("/said")
    def list_said(profile_id: str) -> list[Said]:
        return [Said.model_validate(each) for each in said(state.profiles.find(profile_id))[-500:]]

    @routes.post("/said", status_code=201)
    def say(profile_id: str, new: NewSaid) -> Said:
        record = add_said(state.profiles.find(profile_id), new.sentence, new.text)
        return Said.model_validate(record)

    @routes.delete("/said", status_code=204)
    def forget(profile_id: str, identity: str | None = None) -> None:
        profile = state.profiles.find(profile_id)
        try:
            delete_said(profile, identity)
        except UserError as error:
            raise NotFound(message_of(error)) from error

    @routes.get("/suggestions")
    def suggest(
        profile_id: str,
        before: Annotated[list[Text], Query(max_length=200)] = [],  # noqa: B006
    ) -> list[str]:
        return suggestions(state.profiles.find(profile_id), before)

    return routes
