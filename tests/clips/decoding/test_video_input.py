import gc
import importlib
import os
import struct
import tracemalloc
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from videospace.clips.decoding.frame_folder import natural_order
from videospace.clips.decoding.video_input import probe, read_frames
from videospace.runtime.errors import UnreadableVideo

IDENTITY = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def set_display_matrix(path, a, b, c, d):
    """Write the matrix into the track header, as a phone does: (x, y) -> (ax + cy, bx + dy)."""
    data = path.read_bytes()
    start = data.index(IDENTITY, data.index(b"tkhd"))
    one = 0x10000
    matrix = struct.pack(">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 0x40000000)
    path.write_bytes(data[:start] + matrix + data[start + len(matrix) :])


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".mov", ".mpg", ".gif", ".avi"])
def test_every_container_gives_its_frames_in_order(suffix, tmp_path, make_video, make_levels):
    frames = make_levels(12)
    path = make_video(tmp_path / f"video{suffix}", frames)
    decoded = list(read_frames(path))
    assert len(decoded) == 12
    error = np.abs(np.stack(decoded).astype(int) - frames)
    assert error.max() <= 3
    assert probe(path).fps == pytest.approx(25, rel=0.01)


def test_lossless_pixels_come_back_exactly(tmp_path, make_video):
    frames = np.random.default_rng(0).integers(0, 256, (3, 17, 23, 3), dtype=np.uint8)
    path = make_video(tmp_path / "a.mkv", frames)
    np.testing.assert_array_equal(np.stack(list(read_frames(path))), frames)


def test_no_frame_stays_in_memory(tmp_path, make_video, make_levels):
    path = make_video(tmp_path / "a.mp4", make_levels(12))
    gc.collect()
    gc.disable()
    try:
        for _ in read_frames(path):
            pass
        assert sum(type(each) is av.VideoFrame for each in gc.get_objects()) <= 3
    finally:
        gc.enable()


def test_odd_sizes(tmp_path, make_video, make_levels, numbers):
    path = make_video(tmp_path / "a.mp4", make_levels(3, 33, 47), pixel_format="yuv444p")
    frames = list(read_frames(path))
    assert frames[0].shape == (33, 47, 3)
    assert numbers(frames) == [0, 1, 2]


def test_every_crop_and_size(tmp_path, make_video, make_levels, numbers):
    levels = make_levels(10).copy()
    levels[:, :, 24:] = 0
    path = make_video(tmp_path / "a.mkv", levels)
    frames = list(read_frames(path, every=4, size=(4, 6), crop="0,0,32,24"))
    assert frames[0].shape == (4, 6, 3)
    assert numbers(frames) == [0, 4, 8]


def test_frames_are_read_one_at_a_time(tmp_path, make_video):
    path = make_video(tmp_path / "a.mkv", np.zeros((60, 64, 64, 3), np.uint8))
    tracemalloc.start()
    assert sum(1 for _ in read_frames(path)) == 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 64 * 64 * 3


def test_threads_change_nothing(tmp_path, make_video, make_levels):
    path = make_video(tmp_path / "a.mp4", make_levels(30))
    one, four = (np.stack(list(read_frames(path, num_threads=n))) for n in (1, 4))
    np.testing.assert_array_equal(one, four)


@pytest.mark.parametrize(
    ("matrix", "corners"),
    [
        ((1, 0, 0, 1), [0, 1, 2, 3]),
        ((0, 1, -1, 0), [2, 0, 3, 1]),  # a quarter turn clockwise, a phone held upright
        ((-1, 0, 0, -1), [3, 2, 1, 0]),
        ((0, -1, 1, 0), [1, 3, 0, 2]),  # anticlockwise
        ((-1, 0, 0, 1), [1, 0, 3, 2]),  # mirrored
        ((0, 1, 1, 0), [0, 2, 1, 3]),
    ],
)
def test_rotation_is_applied(matrix, corners, tmp_path, make_video):
    levels = [20, 90, 160, 230]
    frame = np.zeros((1, 32, 64, 3), np.uint8)
    frame[0] = np.kron(np.uint8([levels[:2], levels[2:]]), np.ones((16, 32)))[..., None]
    path = make_video(tmp_path / "a.mp4", frame)
    set_display_matrix(path, *matrix)
    turned = next(read_frames(path)).astype(int)
    height, width = (32, 64) if matrix[0] else (64, 32)
    assert turned.shape == (height, width, 3)
    found = [turned[r, c, 0] for r in (4, height - 4) for c in (4, width - 4)]
    assert np.abs(np.subtract(found, [levels[corner] for corner in corners])).max() <= 4


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("a.mov", "qtrle", "argb"), ("a.webm", "libvpx-vp9", "yuva420p")],
)
def test_transparency_is_laid_over_white(name, codec, pixel_format, tmp_path, make_video):
    frames = np.full((2, 32, 32, 4), [0, 0, 255, 51], np.uint8)
    path = make_video(tmp_path / name, frames, codec=codec, pixel_format=pixel_format)
    decoded = np.stack(list(read_frames(path))).astype(int)
    assert len(decoded) == 2
    assert np.abs(decoded - [204, 204, 255]).max() <= 3


def test_gray_video_gets_three_channels(tmp_path, make_video, make_levels, numbers):
    path = make_video(tmp_path / "a.mkv", make_levels(3), pixel_format="gray")
    frames = list(read_frames(path))
    assert frames[0].shape == (32, 48, 3)
    assert numbers(frames) == [0, 1, 2]


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_variable_frame_rate_gives_frames_as_stored(
    suffix, tmp_path, make_video, make_levels, numbers
):
    path = make_video(tmp_path / f"a{suffix}", make_levels(5), times=[0, 1, 2, 7, 9])
    assert numbers(list(read_frames(path))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".mkv", ".avi"])
def test_variable_frame_rate_has_the_usual_rate(suffix, tmp_path, make_video, make_levels):
    path = make_video(tmp_path / f"a{suffix}", make_levels(5), times=[0, 1, 2, 7, 8])
    info = probe(path)
    assert info.fps == pytest.approx(25, rel=1e-3)
    assert info.num_frames == 5


@pytest.mark.parametrize("fps", [10, 30, 30000 / 1001])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi"])
def test_constant_frame_rate_is_exact(fps, suffix, tmp_path, make_video, make_levels):
    rate = Fraction(fps).limit_denominator(1001)
    path = make_video(tmp_path / f"a{suffix}", make_levels(20), fps=rate)
    assert probe(path).fps == pytest.approx(fps, abs=1e-3)


def test_name_with_a_colon(tmp_path, make_video, make_levels, monkeypatch):
    (tmp_path / "plain.mkv").symlink_to(make_video(tmp_path / "b.mkv", make_levels(2)))
    os.rename(tmp_path / "plain.mkv", tmp_path / "http:a.mkv")
    monkeypatch.chdir(tmp_path)
    assert len(list(read_frames("http:a.mkv"))) == 2


def write_tone(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        samples = np.zeros((1, 4096), np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "the file is empty"),
        (b"This is a letter, not a film.\n" * 50, "not a video"),
        ("audio", "no video stream"),
        ("head", "cut off"),
    ],
)
@pytest.mark.parametrize("read", [probe, lambda path: next(read_frames(path))])
def test_what_is_no_video_is_named(content, reason, read, tmp_path, make_video, make_levels):
    path = tmp_path / "a.mp4"
    if content == "audio":
        write_tone(path)
    elif content == "head":
        data = make_video(path, make_levels(20)).read_bytes()
        path.write_bytes(data[: data.index(b"moov") - 4])
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableVideo, match=reason) as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert str(path) not in caught.value.reason


def noisy_video(make_video, path):
    """60 textured frames, index first, a key frame every ten."""
    generator = np.random.default_rng(0)
    texture = generator.integers(0, 256, (8, 68, 3)).repeat(8, axis=0).astype(np.uint8)
    frames = np.stack([texture[:, shift : shift + 64] for shift in np.arange(60) % 4])
    make_video(
        path,
        frames,
        container_options={"movflags": "+faststart"},
        codec_options={"bf": "0", "g": "10", "crf": "10"},
        pixel_format="yuv444p",
    )
    return frames


@pytest.mark.parametrize("damage", ["truncated", "overwritten"])
def test_frames_before_the_damage_are_exact(damage, tmp_path, make_video):
    path = tmp_path / "a.mp4"
    noisy_video(make_video, path)
    whole = list(read_frames(path))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat")
    middle = start + (len(data) - start) // 2
    if damage == "truncated":
        path.write_bytes(data[:middle])
    else:
        data[middle : middle + 600] = np.random.default_rng(1).bytes(600)
        path.write_bytes(data)
    frames = list(read_frames(path))
    assert 10 <= len(frames) < 60
    for frame, original in zip(frames[:20], whole, strict=False):
        np.testing.assert_array_equal(frame, original)


def test_stream_without_one_good_packet(tmp_path, make_video, make_levels):
    path = make_video(
        tmp_path / "a.mp4", make_levels(5), container_options={"movflags": "faststart"}
    )
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = b"\xff" * (len(data) - start)
    path.write_bytes(data)
    with pytest.raises(UnreadableVideo, match="no frame"):
        next(read_frames(path))


def test_folder_of_frames_in_natural_order(tmp_path, make_levels, numbers):
    levels = make_levels(4)
    names = ["2.png", "10.bmp", "a.webp", "B.png"]  # in order: 2.png, 10.bmp, B.png, a.webp
    for name, frame in zip(names, levels, strict=True):
        Image.fromarray(frame).save(
            tmp_path / name, **({"lossless": True} if "webp" in name else {})
        )
    (tmp_path / "notes.md").write_text("no frame")
    (tmp_path / ".hidden.png").write_text("no frame")
    assert numbers(list(read_frames(tmp_path))) == [0, 1, 3, 2]
    assert numbers(list(read_frames(tmp_path, every=2))) == [0, 3]
    assert (probe(tmp_path).fps, probe(tmp_path).num_frames) == (25.0, 4)


@pytest.mark.parametrize(
    "names",
    [
        ["frame1.png", "frame2.png", "frame10.png"],
        ["img (1).png", "img (2).png", "img (10).png"],
        ["t_-10.png", "t_-2.png", "t_0.png", "t_3.png"],
        ["-2.png", "-1.png", "0.png"],
        ["take-1.png", "take-2.png", "take-10.png"],
        ["2024-01-02 9.png", "2024-01-02 10.png", "2024-01-11 1.png"],
        ["9998.png", "9999.png", "10000.png"],
    ],
)
def test_natural_order(names):
    assert sorted(reversed(names), key=natural_order) == names


def palette_image():
    image = Image.new("P", (2, 2), 1)
    image.putpalette([0, 0, 0, 9, 8, 7])
    image.info["transparency"] = 0
    image.putpixel((0, 0), 0)
    return image


@pytest.mark.parametrize(
    ("image", "corner", "far_corner"),
    [
        (Image.new("L", (2, 2), 90), [90] * 3, [90] * 3),
        (Image.new("LA", (2, 2), (0, 51)), [204] * 3, [204] * 3),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), [255] * 3, [255] * 3),
        (Image.new("1", (2, 2), 1), [255] * 3, [255] * 3),
        (Image.fromarray(np.full((2, 2), 40_000, np.uint16)), [155] * 3, [155] * 3),
        (palette_image(), [255] * 3, [9, 8, 7]),
    ],
)
def test_every_kind_of_image_becomes_rgb(image, corner, far_corner, tmp_path):
    image.save(tmp_path / "0.png", **{k: v for k, v in image.info.items() if k == "transparency"})
    frame = next(read_frames(tmp_path))
    assert frame.shape == (2, 2, 3)
    assert (frame[0, 0].tolist(), frame[1, 1].tolist()) == (corner, far_corner)


def test_orientation_of_photographs_is_applied(tmp_path):
    image = Image.new("RGB", (20, 10))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "0.jpg", exif=exif)
    assert next(read_frames(tmp_path)).shape == (20, 10, 3)


def test_folder_of_broken_frames(tmp_path):
    (tmp_path / "0.png").write_bytes(b"no image")
    with pytest.raises(UnreadableVideo, match=r"0\.png"):
        next(read_frames(tmp_path))


def test_folder_without_frames(tmp_path):
    with pytest.raises(UnreadableVideo, match="no frames"):
        next(read_frames(tmp_path))


def test_the_former_module_still_works():
    with pytest.warns(FutureWarning, match="decoding"):
        module = importlib.import_module("videospace.clips.video_input")
    assert module.read_frames is read_frames
