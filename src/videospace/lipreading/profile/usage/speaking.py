"""What the person said, and what they will probably say next."""

import uuid
from collections.abc import Sequence

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import SaidRecord, now
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.lipreading.recognition.sentence_model import SentenceModel
from videospace.runtime.errors import UserError

MAX_LEARNED = 20_000
"""Words and phrases, the latest ones, that suggestions are learned from."""


def add_said(profile: Profile, sentence: str, text: str) -> SaidRecord:
    """Keep a word or phrase that was said.

    Args:
        profile: The profile.
        sentence: Name of its sentence, which is the same for all that were said in a row.
        text: The word or phrase.

    Raises:
        UserError: The text cannot be shown, or the disk is full.
    """
    record = SaidRecord(
        id=uuid.uuid4().hex[:16],
        sentence=sentence,
        text=checked_text(text, "word or phrase"),
        made=now(),
    )
    with ProfileDatabase.writing(profile.folder) as database:
        database.speaking.add_said(record)
    return record


def said(profile: Profile) -> list[SaidRecord]:
    """Everything that was said and not deleted, oldest first."""
    with ProfileDatabase.reading(profile.folder) as database:
        return database.speaking.said()


def delete_said(profile: Profile, identity: str | None = None) -> None:
    """Delete something that was said, or everything, for good.

    Args:
        profile: The profile.
        identity: Id of what was said; None deletes everything.

    Raises:
        UserError: There is no such thing.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        if not database.speaking.delete_said(identity) and identity is not None:
            raise UserError("this is no longer in what was said: it may be deleted already")
    ProfileDatabase.empty_log(profile.folder)


def sentences(records: Sequence[SaidRecord]) -> list[list[str]]:
    """Group what was said by sentences, the oldest first."""
    found: dict[str, list[str]] = {}
    for record in records:
        found.setdefault(record.sentence, []).append(record.text)
    return list(found.values())


def sentence_model(profile: Profile) -> SentenceModel:
    """A model of the person's sentences, learned from what they said."""
    model = SentenceModel()
    for sentence in sentences(said(profile)[-MAX_LEARNED:]):
        model.learn([word_key(text) for text in sentence])
    return model


def suggestions(profile: Profile, before: Sequence[str], *, count: int = 4) -> list[str]:
    """The words and phrases that the person most often said after these.

    Args:
        profile: The profile.
        before: The sentence so far.
        count: How many to return.

    Returns:
        Texts, the likeliest first; none that the person never said in such a place.
    """
    latest = {word_key(record.text): record.text for record in said(profile)}
    found = sentence_model(profile).likeliest([word_key(text) for text in before], count)
    return [latest[key] for key in found if key in latest]
