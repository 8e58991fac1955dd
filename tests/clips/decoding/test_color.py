"""Pixels as a player shows them."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from videospace.clips.decoding.color import WHITE_NITS, sdr_colors, shown_size
from videospace.clips.decoding.frame_folder import is_animation
from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import probe, read_frames, read_timed_frames
from videospace.runtime.errors import UserError


def encode(path, frames, codec, pixel_format, *, settings=(), options=None, source="rgb24"):
    """Write frames with settings of the codec that ``make_video`` does not know."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt, stream.options = pixel_format, options or {}
        for name, value in settings:
            setattr(stream.codec_context, name, value)
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format=source)
            for name, value in settings:
                if name.startswith("color"):
                    setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("ratio", "size"), [(Fraction(4, 3), (48, 64)), (Fraction(3, 4), (64, 48)), (None, (48, 48))]
)
def test_pixels_become_square(ratio, size, tmp_path):
    settings = [("sample_aspect_ratio", ratio)] if ratio else []
    frames = [np.zeros((48, 48, 3), np.uint8)] * 3
    path = encode(tmp_path / "a.mkv", frames, "libx264", "yuv420p", settings=settings)
    assert next(read_frames(path)).shape[:2] == size


def test_a_side_of_shown_size_never_shrinks():
    assert shown_size(10, 20, Fraction(2)) == (10, 40)
    assert shown_size(10, 20, Fraction(1, 2)) == (20, 20)


def test_interlaced_frames_show_no_comb(tmp_path):
    fields = np.full((20, 64, 96, 3), 40, np.uint8)
    for number, field in enumerate(fields):
        field[:, 4 * number : 4 * number + 12] = 230
    frames = fields[::2].copy()
    frames[:, 1::2] = fields[1::2, 1::2]
    comb = np.abs(np.diff(frames[4].astype(int), axis=0)).mean()
    path = encode(
        tmp_path / "a.mkv",
        list(frames),
        "mpeg2video",
        "yuv420p",
        options={"flags": "+ildct+ilme", "q": "2", "qmin": "1"},
    )
    shown = list(read_frames(path))
    assert len(shown) == len(frames)
    assert np.abs(np.diff(shown[4].astype(int), axis=0)).mean() < comb / 4
    assert len(list(read_frames(path, every=3))) == 4


@pytest.mark.parametrize("hdr", ["pq", "hlg"])
def test_hdr_becomes_sdr(hdr):
    if hdr == "hlg":
        white, gray = 0.75, 0.5
    else:
        y = np.array([WHITE_NITS, WHITE_NITS / 4]) / 10000
        p = y**0.1593017578125
        white, gray = ((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p)) ** 78.84375
    levels = sdr_colors(np.array([[0.0] * 3, [gray] * 3, [white] * 3, [1.0] * 3]), hdr)
    assert levels[0].max() < 0.02
    assert np.all(np.diff(levels.mean(axis=1)) > 0)
    assert levels[2].min() > 0.9
    assert np.ptp(levels, axis=1).max() < 0.01  # gray stays gray


def test_a_film_in_hlg_is_converted(tmp_path):
    red = np.zeros((32, 32, 3), np.uint16)
    red[...] = np.array([0.62, 0.30, 0.16]) * 65535  # BT.709's red in BT.2020 and HLG, about
    settings = [("color_trc", 18), ("color_primaries", 9), ("colorspace", 9)]
    path = encode(
        tmp_path / "a.mkv", [red] * 4, "ffv1", "yuv420p10le", settings=settings, source="rgb48le"
    )
    frames = list(read_frames(path))
    assert len(frames) == 4
    r, g, b = frames[2].reshape(-1, 3).mean(axis=0)
    assert r > 180
    assert max(g, b) < 90


@pytest.mark.parametrize("suffix", [".webp", ".png"])
def test_animated_images_are_films(suffix, tmp_path, make_levels, numbers):
    images = [Image.fromarray(frame) for frame in make_levels(6)]
    path = tmp_path / f"a{suffix}"
    options = {"lossless": True} if suffix == ".webp" else {}
    images[0].save(path, save_all=True, append_images=images[1:], duration=50, **options)
    assert is_animation(path)
    assert numbers(list(read_frames(path))) == [0, 1, 2, 3, 4, 5]
    assert probe(path).fps == pytest.approx(20)
    images[0].save(path)
    assert not is_animation(path)


class TestFolders:
    def test_a_frame_in_two_formats_is_taken_once(self, tmp_path, make_levels, numbers):
        for number, frame in enumerate(make_levels(12)):
            Image.fromarray(frame).save(tmp_path / f"f{number}.png")
            Image.fromarray(255 - frame).save(tmp_path / f"f{number}.jpg")
        report = ReadReport()
        assert numbers(list(read_frames(tmp_path, report=report))) == list(range(12))
        assert "12 images" in report.describe()

    def test_a_broken_frame_is_a_gap(self, tmp_path, make_levels, numbers):
        for number, frame in enumerate(make_levels(8)):
            Image.fromarray(frame).save(tmp_path / f"{number}.png")
        (tmp_path / "3.png").write_bytes((tmp_path / "3.png").read_bytes()[:60])
        report = ReadReport()
        frames = list(read_timed_frames(tmp_path, report=report))
        assert numbers([frame.pixels for frame in frames]) == [0, 1, 2, 4, 5, 6, 7]
        assert [frame.follows_gap for frame in frames].index(True) == 3
        assert report.num_lost == 1


@pytest.mark.parametrize("side", [2, 3, 5])
def test_interlaced_frames_of_any_size(side, tmp_path):
    frames = [np.full((side, side, 3), 90, np.uint8)] * 3
    path = encode(
        tmp_path / "a.mkv", frames, "ffv1", "bgr0", options={}, settings=[("color_trc", 16)]
    )
    assert len(list(read_frames(path))) == 3


def test_absurd_pixels_count_as_square(tmp_path):
    settings = [("sample_aspect_ratio", Fraction(1, 60000))]
    frames = [np.zeros((48, 48, 3), np.uint8)] * 2
    path = encode(tmp_path / "a.mkv", frames, "libx264", "yuv420p", settings=settings)
    assert next(read_frames(path)).shape == (48, 48, 3)


def test_a_broken_animation_is_named(tmp_path, make_levels):
    images = [Image.fromarray(frame) for frame in make_levels(8)]
    path = tmp_path / "a.webp"
    images[0].save(path, save_all=True, append_images=images[1:], duration=40, lossless=True)
    path.write_bytes(path.read_bytes()[:-60])
    report = ReadReport()
    try:
        assert len(list(read_frames(path, report=report))) < 8
    except UserError:
        return
    assert report.num_lost
