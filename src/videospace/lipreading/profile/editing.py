"""Changing what a profile holds: the name and spoken form of a word, and the word of a clip."""

import contextlib
import dataclasses

from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.folder import model_path
from videospace.lipreading.profile.storage.records import ClipRecord, WordRecord
from videospace.lipreading.profile.storage.store import NoSuchWordError, ProfileDatabase
from videospace.lipreading.profile.words import checked_text, word_key
from videospace.runtime.errors import UserError
from videospace.runtime.messages import Message


def change_word(
    profile: Profile,
    text: str,
    *,
    new_text: str | None = None,
    spoken: str | None = None,
    note: str | None = None,
) -> WordRecord:
    """Rename a word, or change how it is spoken; its clips, uses and models follow it.

    A word that was spoken as it is written is spoken as its new text, unless ``spoken`` says
    otherwise.

    Args:
        profile: The profile.
        text: The word, in any spelling.
        new_text: Its new text; None keeps the text.
        spoken: How it is spoken from now on; None keeps the spoken form.
        note: Its new note; None keeps the note.

    Raises:
        UserError: There is no such word, another word has the new text, or a text is not valid.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from videospace.lipreading.profile.storage.records import ProfileSettings
        >>> folder = Path(tempfile.mkdtemp()) / "ann"
        >>> profile = Profile.create(folder, ProfileSettings(person="Ann"))
        >>> word = profile.add_word("docter")
        >>> change_word(profile, "docter", new_text="doctor").spoken
        'doctor'
    """
    with ProfileDatabase.writing(profile.folder) as database:
        old = database.word(text)
        new = old.text if new_text is None else checked_text(new_text)
        if word_key(new) != word_key(old.text):
            with contextlib.suppress(NoSuchWordError):
                known = database.word(new)
                raise UserError(
                    Message(
                        "the word '{word}' is there already: choose another text, or move the "
                        "recordings of '{old}' to it",
                        word=known.text,
                        old=old.text,
                    )
                )
        if spoken is None:
            spoken = new if old.spoken == old.text else old.spoken
        record = dataclasses.replace(  # which checks its fields
            old,
            text=new,
            spoken=checked_text(spoken, "spoken form"),
            note=old.note if note is None else note,
        )
        database.change_word(old.text, new_text=record.text, spoken=record.spoken, note=record.note)
        changed = database.word(new)
    if changed.text != old.text:
        _rename_in_models(profile, old.text, changed.text)
        ProfileDatabase.empty_log(profile.folder)
    return changed


def move_clip(profile: Profile, identity: str, word: str) -> ClipRecord:
    """Make a clip one of another word of the profile, as when it was chosen by mistake.

    If it was said in use, the use becomes one of that word. Models that learned from it stay.

    Raises:
        UserError: There is no such clip or word.
    """
    with ProfileDatabase.writing(profile.folder) as database:
        target = database.word(word)
        if database.clip(identity) is None:
            raise UserError(
                f"no clip '{identity}' in the profile: "
                "'videospace lipread recordings PROFILE' lists them"
            )
        database.move_clip(identity, target.text)
        moved = database.clip(identity)
    assert moved is not None
    return moved


def _rename_in_models(profile: Profile, old: str, new: str) -> None:
    """A classifier that does not know the new name would be left out until the next training."""
    for record in models(profile):
        folder = model_path(profile.folder, record.id)
        if record.kind == "recognizer":
            with contextlib.suppress(UserError):  # a damaged model is reported when it is used
                model = MouthModel.from_pretrained(folder)
                if old in model.words:
                    model.words = [new if word == old else word for word in model.words]
                    model.save_pretrained(folder)
