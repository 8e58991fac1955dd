"""Pictures and recordings of a profile: kept, exported, imported and deleted."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from videospace.lipreading.profile import media as media_module
from videospace.lipreading.profile.archive import export_profile, import_profile
from videospace.lipreading.profile.deletion import delete_word
from videospace.lipreading.profile.editing import change_word
from videospace.lipreading.profile.media import (
    delete_media,
    keep_media,
    list_media,
    load_media,
    own_voice,
    small_picture,
)
from videospace.lipreading.synthesis.speech import Speech
from videospace.runtime.errors import UserError


def picture(size=(900, 600), format="JPEG", **options) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (8, 12, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(content, format, **options)
    return content.getvalue()


def sound(seconds: float = 0.5, pitch: float = 220.0) -> bytes:
    wave = np.sin(2 * np.pi * pitch * np.arange(round(22050 * seconds)) / 22050)
    return Speech(audio=(9000 * wave).astype(np.int16), sample_rate=22050).wav()


@pytest.fixture
def spoken(profile):
    """Water has a picture and a recording, a phrase a recording."""
    keep_media(profile, "water", "picture", small_picture(picture()))
    for text, pitch in (("Water", 220.0), ("Good night", 330.0)):
        voice, seconds = own_voice(sound(pitch=pitch))
        keep_media(profile, text, "voice", voice, seconds=seconds)
    return profile


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_is_small_and_keeps_nothing_beside_it(format):
    exif = Image.Exif()
    exif[0x010F] = "Maker of the camera"
    options = {} if format == "GIF" else {"exif": exif}
    kept = small_picture(picture(format=format, **options))
    with Image.open(io.BytesIO(kept)) as small:
        assert (small.format, small.size) == ("WEBP", (256, 171))
        assert not small.getexif()
    assert b"Maker" not in kept


def test_a_picture_of_a_turned_camera_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    with Image.open(io.BytesIO(small_picture(picture(exif=exif)))) as small:
        assert small.size == (171, 256)


def test_transparency_stays():
    content = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(content, "PNG")
    with Image.open(io.BytesIO(small_picture(content.getvalue()))) as small:
        assert small.convert("RGBA").getpixel((20, 20))[3] == 0


def test_a_picture_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    content = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(content, "PNG")  # 50 kB
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("it was unpacked"))
    with pytest.raises(UserError, match="million pixels"):
        small_picture(content.getvalue())


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<svg onload='alert(1)'/>", picture()[:300], b"\x89PNG" + bytes(99)]
)
def test_other_files_are_no_pictures(content):
    with pytest.raises(UserError, match="picture"):
        small_picture(content)


def test_media_are_found_by_any_spelling_and_replaced(spoken):
    kinds = [(each.text, each.kind) for each in list_media(spoken)]
    assert kinds == [("water", "picture"), ("Water", "voice"), ("Good night", "voice")]
    first = list_media(spoken)[1]
    voice, seconds = own_voice(sound(1.0))
    record = keep_media(spoken, "WATER", "voice", voice, seconds=seconds)
    assert record.seconds == pytest.approx(1.0, abs=0.1)
    assert len(list_media(spoken)) == 3
    assert load_media(spoken, record.id) == (record, voice)
    with pytest.raises(UserError, match="deleted"):
        load_media(spoken, first.id)


def test_deleting_a_recording(spoken):
    delete_media(spoken, "good night", "voice")
    assert [each.text for each in list_media(spoken)] == ["water", "Water"]
    with pytest.raises(UserError, match="deleted"):
        delete_media(spoken, "good night", "voice")


def test_a_deleted_word_takes_its_media_along(spoken):
    content = load_media(spoken, list_media(spoken)[0].id)[1]
    delete_word(spoken, "water")
    assert [each.text for each in list_media(spoken)] == ["Good night"]
    stored = b"".join(path.read_bytes() for path in spoken.folder.glob("profile.sqlite*"))
    assert content[40:80] not in stored


def test_a_renamed_word_takes_its_media_along(spoken):
    change_word(spoken, "water", new_text="fresh water")
    assert [each.text for each in list_media(spoken)][:2] == ["fresh water"] * 2


@pytest.mark.parametrize("text", ["", "a" * 101, "a\u202eb"])
def test_a_text_that_no_word_can_have(profile, text):
    with pytest.raises(UserError):
        keep_media(profile, text, "picture", small_picture(picture()))
    assert list_media(profile) == []


def test_what_is_no_picture_or_too_large_is_not_kept(profile, monkeypatch):
    with pytest.raises(UserError, match="not what"):
        keep_media(profile, "water", "picture", b"hello")
    with pytest.raises(UserError, match="bytes"):
        keep_media(profile, "water", "voice", b"fLaC" + bytes(2**21))
    monkeypatch.setattr("videospace.lipreading.profile.storage.speaking_tables.MAX_MEDIA", 1)
    keep_media(profile, "water", "picture", small_picture(picture()))
    with pytest.raises(UserError, match="room"):
        keep_media(profile, "bread", "picture", small_picture(picture()))


def test_there_and_back(spoken, tmp_path):
    keep_media(spoken, "bread", "picture", small_picture(picture()))  # the same as of water
    export_profile(spoken, tmp_path / "ann.zip")
    again = import_profile(tmp_path / "ann.zip", tmp_path / "bob")
    assert list_media(again) == list_media(spoken)
    for record in list_media(spoken):
        assert load_media(again, record.id)[1] == load_media(spoken, record.id)[1]


def _changed(path, name, change):
    target = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if name in member else content)
    return target


def _other_text(content):
    document = json.loads(content)
    document["media"][0]["text"] = "Water"
    document["media"][0]["kind"] = "voice"
    return json.dumps(document)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (".webp", lambda content: b"RIFF" + content[4:-1] + b"x", "not what was exported"),
        (".webp", lambda content: b"<script>", "not what was exported"),
        (".flac", lambda content: content + bytes(2**21), "at most"),
        ("profile.json", _other_text, "twice"),
    ],
)
def test_changed_media_are_not_imported(spoken, tmp_path, name, change, message):
    export_profile(spoken, tmp_path / "ann.zip")
    with pytest.raises(UserError, match=message):
        import_profile(_changed(tmp_path / "ann.zip", name, change), tmp_path / "bob")
    assert not (tmp_path / "bob").exists()


def test_an_id_is_that_of_the_content(spoken):
    for record in list_media(spoken):
        assert media_module.media_id(load_media(spoken, record.id)[1]) == record.id
