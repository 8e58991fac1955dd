"""Requests about words, recordings, and what becomes of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from videospace.lipreading.phonetics.homophenes import look_alikes
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.records import ClipRecord, WordRecord
from videospace.lipreading.profile.words import read_word_list, word_key
from videospace.studio.server.routes.schemas import (
    AddedList,
    AddedWord,
    Choice,
    Clip,
    Guess,
    Kept,
    Likeness,
    LookAlike,
    Mouth,
    NewWord,
    Recording,
    Text,
    Word,
    WordList,
)
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.sessions.recognition_session import Heard
from videospace.studio.server.uploads.uploads import FILM, STILL, read_body


def word_routes(house: House) -> APIRouter:
    """Everything below ``/people/ID`` that is about words and recordings."""
    routes = APIRouter(prefix="/people/{person}", tags=["words"])

    @routes.get("/words")
    def list_words(person: str) -> list[Word]:
        return [Word(**_word(word)) for word in house.people.find(person).words()]

    @routes.post("/words", status_code=201)
    def add_word(person: str, new: NewWord) -> AddedWord:
        profile = house.people.find(person)
        word = profile.add_word(new.text, spoken=new.spoken)
        alike = [LookAlike(**each) for each in _look_alikes(profile, word)]
        return AddedWord(**_word(word), look_alikes=alike)

    @routes.post("/word-lists", status_code=201)
    def add_list(person: str, new: WordList) -> AddedList:
        profile = house.people.find(person)
        entries = read_word_list(new.text)
        added = profile.add_words(entries)
        words = {word_key(word.text): word for word in profile.words()}
        listed = dict.fromkeys(word_key(entry.text) for entry in entries)
        return AddedList(
            words=[Word(**_word(words[key])) for key in listed],
            look_alikes=[
                Likeness(added=word.text, **each)
                for word in added
                for each in _look_alikes(profile, word)
            ],
        )

    @routes.delete("/words", status_code=204)
    def delete_word(person: str, word: Annotated[Text, Query()]) -> None:
        house.delete_word(person, word)

    @routes.get("/clips")
    def list_clips(person: str) -> list[Clip]:
        return [Clip(**_clip(record)) for record in house.people.find(person).clips()]

    @routes.delete("/clips/{clip}", status_code=204)
    def delete_clip(person: str, clip: str) -> None:
        house.delete_clip(person, clip)

    @routes.post("/recordings", status_code=201, openapi_extra=FILM.description)
    async def hear(request: Request, person: str, recognize: bool = True) -> Recording:
        return await read_body(
            request,
            FILM,
            lambda film: _recording(house, person, house.hear(person, film, recognize=recognize)),
        )

    @routes.post("/mouths", openapi_extra=STILL.description)
    async def find_mouths(request: Request, person: str) -> list[Mouth]:
        return await read_body(
            request,
            STILL,
            lambda still: [Mouth(**pose._asdict()) for pose in house.find_mouths(person, still)],
        )

    @routes.post("/recordings/{recording}/choice", status_code=201)
    def keep(person: str, recording: str, choice: Choice) -> Kept:
        listener = house.listener(person)
        record = listener.keep(recording, choice.word, used=choice.used)
        return Kept(**_clip(record), spoken=listener.profile.word(record.word).spoken)

    @routes.delete("/recordings/{recording}", status_code=204)
    def drop(person: str, recording: str) -> None:
        house.listener(person).drop(recording)

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


def _recording(house: House, person: str, heard: Heard) -> Recording:
    found = heard.recognition
    spoken = {word.text: word.spoken for word in house.people.find(person).words()}
    guesses = [] if found is None else zip(found.words, found.probabilities, strict=True)
    return Recording(
        id=heard.recording,
        guesses=[
            Guess(text=word, spoken=spoken.get(word, word), probability=probability)
            for word, probability in guesses
        ],
        confident=found is not None and found.confident,
        lips_moved=heard.lips_moved,
        problems=list(heard.problems),
    )
