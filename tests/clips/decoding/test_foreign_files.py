"""Images and videos of unknown origin start no programs, open no other files, and stay small."""

import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from videospace.clips.decoding.image_file import MAX_IMAGE_PX, open_image
from videospace.clips.decoding.video_input import read_frames
from videospace.inrv.inversion.masks import read_mask
from videospace.lipreading.mouth.reading import read_crops
from videospace.runtime.errors import UserError

POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n%%EndComments\nshowpage\n%%EOF\n"


def png_of(width: int, height: int) -> bytes:
    """A PNG that names a size, and has no pixels."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", b""))
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in chunks:
        body = kind + data
        parts += [struct.pack(">I", len(data)), body, struct.pack(">I", zlib.crc32(body))]
    return b"".join(parts)


@pytest.fixture
def refuses_everywhere(tmp_path):
    """Checks that frames of a video, a mouth and a mask may not be such an image."""

    def check(content: bytes) -> None:
        folder = tmp_path / "frames"
        folder.mkdir()
        (folder / "1.png").write_bytes(content)
        for read in (lambda: list(read_frames(folder)), lambda: read_crops(folder)):
            with pytest.raises(UserError):
                read()
        with pytest.raises(UserError):
            read_mask(folder / "1.png", (4, 4))

    return check


def test_postscript_under_the_name_of_a_picture(refuses_everywhere, monkeypatch):
    started = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: started.append(1))
    refuses_everywhere(POSTSCRIPT)
    assert not started


def test_a_picture_of_too_many_pixels(refuses_everywhere, tmp_path):
    content = png_of(MAX_IMAGE_PX // 1000 + 1, 1000)
    refuses_everywhere(content)
    with pytest.raises(UserError, match="pixels"):
        open_image(tmp_path / "frames" / "1.png")


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile other.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\nother.mp4\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_playlist_under_the_name_of_a_video(tmp_path: Path, make_video, playlist):
    video = make_video(tmp_path / "film.mp4", np.zeros((3, 32, 32, 3), np.uint8))
    shutil.copy(video, tmp_path / "other.mp4")
    (tmp_path / "list.mp4").write_text(playlist)
    with pytest.raises(UserError, match="not a video"):
        list(read_frames(tmp_path / "list.mp4"))


def test_usual_pictures_are_opened(tmp_path):
    for suffix in ("png", "jpg", "bmp", "webp", "gif", "tiff"):
        Image.new("RGB", (9, 7)).save(tmp_path / f"a.{suffix}")
        with open_image(tmp_path / f"a.{suffix}") as image:
            assert image.size == (9, 7)
