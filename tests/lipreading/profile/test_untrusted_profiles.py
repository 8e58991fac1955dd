"""Archives and databases that somebody changed: a clear error, or a profile that works."""

import contextlib
import copy
import io
import json
import random
import re
import shutil
import tempfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from tests.support.used_profile import mouth, trained_model

from videospace.lipreading.profile import archive
from videospace.lipreading.profile.archive import CONTENT_FILE, export_profile, import_profile
from videospace.lipreading.profile.model_selection import current_selection
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.checks import MAX_PHRASES, MAX_WORDS
from videospace.lipreading.profile.storage.damage import INDEX_FILE
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.lipreading.profile.storage.store import ProfileDatabase
from videospace.lipreading.profile.usage import history
from videospace.runtime.errors import UserError

MANY = hypothesis.settings(
    max_examples=60,
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=8)
    | st.sampled_from(["\ud800", "../../x", "0" * 16, "2026-01-01T00:00:00+00:00", "fusion"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=[]), max_size=6), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A profile with every kind of row, and its export beside it."""
    folder = tmp_path_factory.mktemp("whole")
    profile = Profile.create(folder / "ann", ProfileSettings(person="Ann"))
    for number, word in enumerate(("water", "bread")):
        profile.add_word(word)
        profile.add_clip(word, mouth(number), source="test")
    answer = AnswerRecord(words=("water",), probabilities=(0.9,), strategy="fusion")
    profile.add_clip("water", mouth(7), source="studio", answer=answer)
    trained_model(profile)
    export_profile(profile, folder / "ann.zip")
    ProfileDatabase.empty_log(profile.folder)
    return folder


@pytest.fixture(scope="module")
def members(whole) -> dict[str, bytes]:
    with zipfile.ZipFile(whole / "ann.zip") as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def zip_of(members: dict[str, bytes], kind: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return content.getvalue()


def with_content(members: dict[str, bytes], document: Any) -> bytes:
    return zip_of({**members, CONTENT_FILE: json.dumps(document).encode()})


def require_working(profile: Profile, folder: Path) -> None:
    """Use a profile as pages and commands do."""
    profile.check()
    json.dumps([profile.settings.person, *(word.text for word in profile.words())]).encode()
    usage = profile.usage()
    history.usage_csv(usage).encode()
    history.by_day(usage)
    history.sessions(usage)
    history.word_history(profile.words(), usage)
    current_selection(profile)
    export_profile(profile, folder / "again.zip")


def import_bytes(content: bytes) -> str | None:
    """Import a file, and use the profile; the reason where it is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.zip").write_bytes(content)
        try:
            profile = import_profile(folder / "a.zip", folder / "bo")
        except UserError as error:
            reason = str(error)
        else:
            require_working(profile, folder)
            return None
        assert [path.name for path in folder.iterdir()] == ["a.zip"]
        assert "\n" not in reason
        return reason


def paths_in(value: Any, path: tuple = ()) -> list[tuple]:
    """The way to each value in a JSON document."""
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(found for key, inner in children for found in paths_in(inner, (*path, key)))]


def test_what_was_exported_is_imported(members):
    assert import_bytes(zip_of(members)) is None
    assert import_bytes(zip_of(members, zipfile.ZIP_DEFLATED)) is None


@MANY
@hypothesis.given(document=JSON)
def test_any_json_in_place_of_the_content(members, document):
    assert import_bytes(with_content(members, document)) is not None


@MANY
@hypothesis.given(data=st.data())
def test_any_value_in_the_content(members, data):
    document = json.loads(members[CONTENT_FILE])
    *way, last = data.draw(st.sampled_from(paths_in(document)[1:]))
    place = document
    for key in way:
        place = place[key]
    place[last] = data.draw(JSON)
    import_bytes(with_content(members, document))


@MANY
@hypothesis.given(seed=st.integers(0, 2**32), is_packed=st.booleans())
def test_any_byte_of_the_archive(members, seed, is_packed):
    kind = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
    content = bytearray(zip_of(members, kind))
    chance = random.Random(seed)
    for _ in range(chance.choice((1, 3, 30))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    length = chance.choice((len(content), chance.randrange(len(content))))
    import_bytes(bytes(content[:length]))


@MANY
@hypothesis.given(seed=st.integers(0, 2**32))
def test_any_byte_of_the_database(whole, seed):
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(whole / "ann", folder / "ann")
        path = folder / "ann" / INDEX_FILE
        content = bytearray(path.read_bytes())
        for _ in range(chance.choice((1, 3, 30, 300))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        files = sorted((folder / "ann" / "clips").iterdir())
        try:
            profile = Profile(folder / "ann")
            profile.check()
        except UserError as error:
            reason = str(error)
        else:
            with contextlib.suppress(UserError):  # such as of a clip that has another id now
                require_working(profile, folder)
            return
        assert "\n" not in reason
        assert sorted((folder / "ann" / "clips").iterdir()) == files


def changed(members, **changes) -> bytes:
    """The archive with other values, by their names: ``words_0_text`` is that of the first word."""
    document = copy.deepcopy(json.loads(members[CONTENT_FILE]))
    for name, value in changes.items():
        *way, last = (int(key) if key.isdigit() else key for key in name.split("__"))
        place = document
        for key in way:
            place = place[key]
        place[last] = value
    return with_content(members, document)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("settings__person", "", "name"),
        ("settings__person", "A\ud800", "surrogates"),
        ("settings__person", "A\u0000", "U\\+0000"),
        ("settings__person", "a" * 101, "100"),
        ("settings__language", "../../x", "language"),
        ("settings__language", "", "language"),
        ("settings__strategy", "magic", "strategies"),
        ("settings__phrases", "a\n" * (MAX_PHRASES + 1), "phrases"),
        ("settings__phrases", "\u001b[2J", "U\\+001B"),
        ("settings__finder", "nose", "finder"),
        ("words__0__text", "\u202e", "U\\+202E"),
        ("words__0__spoken", "", "spoken"),
        ("words__0__note", "a" * 10_001, "note"),
        ("words__0__num_uses", -1, "uses"),
        ("words__0__num_uses", True, "num_uses"),
        ("words__0__added", "2026-W01-1", "time"),
        ("words__0__added", "9999-12-31T23:59:59-23:59", "time"),
        ("words", [], "word"),
        ("words", [{}] * (MAX_WORDS + 1), "at most"),
        ("clips__0__fps", 0, "per second"),
        ("clips__0__fps", 1e9, "per second"),
        ("clips__0__num_frames", 0, "frames"),
        ("clips__0__num_frames", 10**9, "frames"),
        ("clips__0__num_frames", 7, "6 frames"),
        ("clips__0__domain", "dream", "domain"),
        ("clips__0__source", "\u001b", "source"),
        ("usage__0__made", "", "time"),
        ("usage__0__answer__probabilities", [float("nan")], "NaN"),
        ("usage__0__answer__probabilities", [1.5], "probability"),
        ("usage__0__answer__model", "../x", "id"),
        ("models__0__strategy", "pretrained", "strategies"),
        ("models__0__id", "f" * 16, "f{16}/config"),
        ("models__0__turn", 10**12, "turn"),
        ("format_version", True, "version"),
        ("format_version", 0, "version"),
        ("format_version", -1, "version"),
    ],
)
def test_what_the_pages_would_refuse(members, name, value, reason):
    refused = import_bytes(changed(members, **{name: value}))
    assert refused is not None
    assert re.search(reason, refused), refused


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"rubbish"])
def test_every_model_is_there_and_opens(members, name, content):
    (member,) = (each for each in members if each.endswith(name))
    others = {each: data for each, data in members.items() if each != member}
    assert import_bytes(zip_of(others if content is None else {**others, member: content}))


def npz_of(shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.savez_compressed(content, frames=np.zeros(shape, np.uint8), fps=np.float64(25))
    return content.getvalue()


@pytest.mark.parametrize("kind", ["clip", "inside a clip", "model", "card", "content"])
def test_a_small_file_that_becomes_large(members, kind):
    large = bytes(300 * 2**20)
    clip = next(name for name in members if name.startswith("clips/"))
    model = next(name for name in members if name.endswith("config.json"))
    member, content = {
        "clip": (clip, large),
        "inside a clip": (clip, npz_of((40_000, 88, 88))),
        "model": (model, large),
        "card": (model.replace("config.json", "README.md"), large),
        "content": (CONTENT_FILE, large),
    }[kind]
    packed = zip_of({**members, member: content}, zipfile.ZIP_DEFLATED)
    assert len(packed) < 2**20
    del large, content
    tracemalloc.start()
    try:
        assert "unpacks to" in str(import_bytes(packed))  # before anything of it is written
        assert tracemalloc.get_traced_memory()[1] < 30 * 2**20
    finally:
        tracemalloc.stop()


def test_all_together_are_bounded(members, tmp_path):
    (tmp_path / "a.zip").write_bytes(zip_of(members))
    with pytest.raises(UserError, match="unpacks to"):
        import_profile(tmp_path / "a.zip", tmp_path / "bo", max_bytes=10_000)
    assert not (tmp_path / "bo").exists()


def test_two_members_of_one_name(members):
    content = io.BytesIO(zip_of(members))
    with zipfile.ZipFile(content, "a") as packed, pytest.warns(UserWarning, match="Duplicate"):
        packed.writestr(CONTENT_FILE, members[CONTENT_FILE])
    assert "same name" in str(import_bytes(content.getvalue()))


def test_too_many_members(members, monkeypatch):
    monkeypatch.setattr(archive, "_MAX_MEMBERS", 3)
    assert "at most" in str(import_bytes(zip_of(members)))


def test_notes_that_no_import_would_take(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "_CONTENT_BYTES", 0)
    monkeypatch.setattr(archive, "_CLIP_CONTENT_BYTES", 10)
    with pytest.raises(UserError, match="notes"):
        export_profile(Profile(whole / "ann"), tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []
