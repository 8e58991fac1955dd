"""Requests about words, recordings and clips."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request, Response

from videospace.lipreading.mouth.clip_film import film_of
from videospace.lipreading.phonetics.homophenes import look_alikes
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import ClipRecord, WordRecord
from videospace.lipreading.profile.words import read_word_list, word_key
from videospace.studio.server.routes.pins import Pin, guard_by_pin, require_pin
from videospace.studio.server.routes.schemas import (
    AddedList,
    AddedWord,
    Choice,
    Clip,
    ClipChanges,
    Guess,
    KeptClip,
    ListLookAlike,
    LookAlike,
    Mouth,
    NewWord,
    Recording,
    Text,
    UploadId,
    UploadStart,
    Word,
    WordChanges,
    WordList,
)
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.caregiver_locks import is_undo
from videospace.studio.server.sessions.recognition_session import Recognized
from videospace.studio.server.uploads.uploads import STILL, VIDEO, file_answer, read_body

FILM = file_answer("video/mp4")


Before = Annotated[tuple[Text, ...], Query(max_length=200)]
"""The sentence so far."""


def word_routes(state: AppState) -> APIRouter:
    """The routes below ``/profiles/ID`` that concern words, recordings and clips."""
    routes = APIRouter(prefix="/profiles/{profile_id}", tags=["words"])
    locked = [Depends(guard_by_pin(state))]

    @routes.get("/words")
    def list_words(profile_id: str) -> list[Word]:
        return [Word(**_word(word)) for word in state.profiles.find(profile_id).words()]

    @routes.post("/words", status_code=201)
    def add_word(profile_id: str, new: NewWord) -> AddedWord:
        profile = state.profiles.find(profile_id)
        word = profile.add_word(new.text, spoken=new.spoken)
        alike = [LookAlike(**each) for each in _look_alikes(profile, word)]
        return AddedWord(**_word(word), look_alikes=alike)

    @routes.post("/word-lists", status_code=201)
    def add_list(profile_id: str, new: WordList) -> AddedList:
        profile = state.profiles.find(profile_id)
        entries = read_word_list(new.text)
        added = profile.add_words(entries)
        words = {word_key(word.text): word for word in profile.words()}
        in_list = dict.fromkeys(word_key(entry.text) for entry in entries)
        return AddedList(
            words=[Word(**_word(words[key])) for key in in_list],
            look_alikes=[
                ListLookAlike(added=word.text, **each)
                for word in added
                for each in _look_alikes(profile, word)
            ],
        )

    @routes.patch("/words", dependencies=locked)
    def change_word(
        profile_id: str, word: Annotated[Text, Query()], changes: WordChanges
    ) -> AddedWord:
        changed = state.change_word(profile_id, word, new_text=changes.text, spoken=changes.spoken)
        alike = _look_alikes(state.profiles.find(profile_id), changed)
        return AddedWord(**_word(changed), look_alikes=[LookAlike(**each) for each in alike])

    @routes.delete("/words", status_code=204, dependencies=locked)
    def delete_word(profile_id: str, word: Annotated[Text, Query()]) -> None:
        state.delete_word(profile_id, word)

    @routes.get("/clips")
    def list_clips(profile_id: str) -> list[Clip]:
        return [Clip(**_clip(record)) for record in state.profiles.find(profile_id).clips()]

    @routes.get("/clips/{clip}/film", response_class=Response, responses=FILM)
    def show_clip(profile_id: str, clip: str) -> Response:
        content = film_of(state.load_clip(profile_id, clip))
        return Response(content, media_type="video/mp4")

    @routes.patch("/clips/{clip}", dependencies=locked)
    def move_clip(profile_id: str, clip: str, target: ClipChanges) -> Clip:
        return Clip(**_clip(state.move_clip(profile_id, clip, target.word)))

    @routes.delete("/clips/{clip}", status_code=204)
    def delete_clip(profile_id: str, clip: str, request: Request, pin: Pin = None) -> None:
        if not is_undo(state.find_clip(profile_id, clip)):
            require_pin(state, profile_id, request, pin)
        state.delete_clip(profile_id, clip)

    @routes.post("/recordings", status_code=201, openapi_extra=VIDEO.description)
    async def add_recording(
        request: Request,
        profile_id: str,
        recognize: bool = True,
        upload: UploadId | None = None,
        start: UploadStart = 0,
        before: Before = (),
    ) -> Recording:
        def add(content: bytes) -> Recording:
            if upload is not None:
                content = state.take_pieces(profile_id, upload, start) + content
            added = state.add_recording(profile_id, content, recognize=recognize, before=before)
            return _recording(state, profile_id, added)

        return await read_body(request, VIDEO, add)

    @routes.post("/uploads/{upload}", status_code=204, openapi_extra=VIDEO.description)
    async def add_piece(
        request: Request,
        later: BackgroundTasks,
        profile_id: str,
        upload: UploadId,
        start: UploadStart = 0,
    ) -> None:
        look_ahead = await read_body(
            request, VIDEO, lambda piece: state.add_piece(profile_id, upload, start, piece)
        )
        later.add_task(look_ahead)

    @routes.post("/mouths", openapi_extra=STILL.description)
    async def find_mouths(request: Request, profile_id: str) -> list[Mouth]:
        return await read_body(
            request,
            STILL,
            lambda still: [
                Mouth(**pose._asdict()) for pose in state.find_mouths(profile_id, still)
            ],
        )

    @routes.post("/recordings/{recording}/choice", status_code=201)
    def keep(profile_id: str, recording: str, choice: Choice) -> KeptClip:
        recognition = state.recognition(profile_id)
        record = recognition.keep(recording, choice.word, used=choice.used)
        return KeptClip(**_clip(record), spoken=recognition.profile.word(record.word).spoken)

    @routes.delete("/recordings/{recording}", status_code=204)
    def drop(profile_id: str, recording: str) -> None:
        state.recognition(profile_id).drop(recording)

    return routes


def _word(record: WordRecord) -> dict:
    return {name: getattr(record, name) for name in Word.model_fields}


def _look_alikes(profile: Profile, word: WordRecord) -> list[dict]:
    others = [(other.text, other.spoken) for other in profile.words() if other.text != word.text]
    found = look_alikes(word.spoken, others, language=profile.settings.language)
    return [{"word": each.word, "same": each.difference == 0} for each in found]


def _clip(record: ClipRecord) -> dict:
    return {
        "id": record.id,
        "word": record.word,
        "added": record.added,
        "seconds": record.num_frames / record.fps,
        "problems": list(record.problems),
    }


def _recording(state: AppState, profile_id: str, added: Recognized) -> Recording:
    found = added.recognition
    spoken = {word.text: word.spoken for word in state.profiles.find(profile_id).words()}
    guesses = [] if found is None else zip(found.words, found.probabilities, strict=True)
    return Recording(
        id=added.recording,
        others=list(added.others),
        guesses=[
            Guess(text=word, spoken=spoken.get(word, word), probability=probability)
            for word, probability in guesses
        ],
        confident=found is not None and found.confident,
        lips_moved=added.lips_moved,
        problems=list(added.problems),
    )
