import json
import os
import stat
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from videospace.clips.decoding.video_input import probe
from videospace.clips.writing import SUFFIXES, mosaic, write_video
from videospace.runtime.errors import UserError


def clips(num_clips=2, num_frames=6, height=32, width=48, seed=0):
    """Smooth moving colors, (time, clip, height, width, 3): what a codec keeps well."""
    t, clip, row, col = np.ogrid[:num_frames, :num_clips, :height, :width]
    phase = 0.2 * t + clip + seed
    channels = np.broadcast_arrays(
        np.sin(phase + row / 15), np.sin(phase + col / 15), np.cos(phase + (row + col) / 25)
    )
    return np.round(127.5 + 100 * np.stack(channels, axis=-1)).astype(np.uint8)


def decode(path):
    with av.open(str(path)) as container:
        return np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])


def psnr(a, b):
    return -10 * np.log10(np.mean((a.astype(float) - b) ** 2) / 255**2 + 1e-12)


@pytest.mark.parametrize(("suffix", "least_db"), [(".mp4", 36), (".webm", 36), (".gif", 33)])
@pytest.mark.parametrize("num_clips", [1, 3])
def test_encoded_video_shows_the_mosaic(tmp_path, suffix, least_db, num_clips):
    frames = clips(num_clips=num_clips)
    path = write_video(tmp_path / f"a{suffix}", iter(frames), fps=25)
    expected = np.stack([mosaic(frame) for frame in frames])
    shown = decode(path)
    assert shown.shape == expected.shape
    assert psnr(shown, expected) > least_db


def test_gif_keeps_few_colors_exactly(tmp_path):
    frames = np.full((5, 1, 20, 20, 3), 255, np.uint8)
    for t in range(5):
        frames[t, 0, 4:9, t : t + 5] = (0, 0, 255)
    assert np.array_equal(decode(write_video(tmp_path / "a.gif", frames, fps=10)), frames[:, 0])


def test_mp4_plays_in_browsers(tmp_path):
    path = write_video(tmp_path / "a.mp4", clips(), fps=25)
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_range) == (6, 1)
    content = path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_webm_is_vp9(tmp_path):
    with av.open(str(write_video(tmp_path / "a.webm", clips(), fps=25))) as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == "vp9"


@pytest.mark.parametrize("fps", [24, 30000 / 1001, 12.5, 120])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_frame_rate_is_kept(tmp_path, suffix, fps):
    path = write_video(tmp_path / f"a{suffix}", clips(height=16, width=16), fps=fps)
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
    assert rate == Fraction(fps).limit_denominator(1001)


@pytest.mark.parametrize(("fps", "num_shown"), [(50, 12), (60, 6), (120, 4)])
def test_fast_gif_skips_frames_and_keeps_its_length(tmp_path, fps, num_shown):
    frames = clips(num_clips=1, num_frames=12, height=16, width=16)
    path = write_video(tmp_path / "a.gif", frames, fps=fps)
    with Image.open(path) as gif:
        assert (gif.n_frames, gif.info["loop"]) == (num_shown, 0)
        milliseconds = 0
        for index in range(gif.n_frames):
            gif.seek(index)
            assert gif.info["duration"] >= 20
            milliseconds += gif.info["duration"]
    assert milliseconds == pytest.approx(1000 * 12 / fps, abs=10)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (33, 64), (64, 33)])
@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_odd_sides_are_padded_by_their_edge(tmp_path, suffix, height, width):
    frames = clips(num_clips=1, num_frames=2, height=height, width=width)
    shown = decode(write_video(tmp_path / f"a{suffix}", frames, fps=25))
    expected = frames[:, 0]
    if suffix != ".gif":
        padding = ((0, 0), (0, height % 2), (0, width % 2), (0, 0))
        expected = np.pad(expected, padding, mode="edge")
    assert shown.shape == expected.shape
    assert psnr(shown, expected) > 25


def test_array_is_exact_and_memory_mapped(tmp_path):
    frames = clips(num_clips=3)
    path = write_video(tmp_path / "a.npy", iter(frames), fps=25, num_frames=6)
    array = np.load(path, mmap_mode="r")
    assert isinstance(array, np.memmap)
    assert np.array_equal(array, np.swapaxes(frames, 0, 1))


@settings(max_examples=25, deadline=None)
@given(
    num_clips=st.integers(1, 5),
    num_frames=st.integers(1, 6),
    height=st.integers(1, 6),
    width=st.integers(1, 6),
    announced=st.booleans(),
)
def test_array_round_trip(tmp_path_factory, num_clips, num_frames, height, width, announced):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (num_frames, num_clips, height, width, 3), dtype=np.uint8)
    path = tmp_path_factory.mktemp("npy") / "a.npy"
    write_video(path, iter(frames), fps=1, num_frames=num_frames if announced else None)
    assert np.array_equal(np.load(path), np.swapaxes(frames, 0, 1))


def test_contact_sheet_shows_evenly_spaced_steps(tmp_path):
    frames = np.zeros((9, 2, 4, 5, 3), np.uint8)
    frames += np.arange(9, dtype=np.uint8)[:, None, None, None, None] * 10
    frames[:, 1] += 1
    path = write_video(tmp_path / "a.png", iter(frames), fps=25, num_frames=9, num_columns=3)
    with Image.open(path) as image:
        sheet = np.asarray(image)
    assert sheet.shape == (4 + 2 + 4, 5 + 2 + 5 + 2 + 5, 3)
    assert sheet[[0, 9], :, 0].tolist() == [
        [0] * 5 + [255] * 2 + [40] * 5 + [255] * 2 + [80] * 5,
        [1] * 5 + [255] * 2 + [41] * 5 + [255] * 2 + [81] * 5,
    ]
    assert (sheet[4:6] == 255).all()


@pytest.mark.parametrize(("num_frames", "num_shown"), [(1, 1), (3, 3), (8, 8), (25, 8)])
def test_contact_sheet_never_has_more_columns_than_frames(tmp_path, num_frames, num_shown):
    frames = clips(num_frames=num_frames, height=4, width=4)
    path = write_video(tmp_path / "a.png", frames, fps=25)
    with Image.open(path) as sheet:
        assert sheet.size == (6 * num_shown - 2, 2 * 4 + 2)


def test_contact_sheet_and_array_survive_a_reused_buffer(tmp_path):
    frames = clips(num_frames=4)

    def reuse():
        buffer = np.empty_like(frames[0])
        for frame in frames:
            buffer[:] = frame
            yield buffer

    for name in ("a", "b"):
        for suffix in (".png", ".npy"):
            source = reuse() if name == "a" else frames
            write_video(tmp_path / (name + suffix), source, fps=25, num_frames=4)
    for suffix in (".png", ".npy"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_folder_holds_one_video_a_clip(tmp_path):
    frames = clips(num_clips=3)
    paths = write_video(tmp_path / "new" / "folder", iter(frames), fps=25)
    assert [path.name for path in paths] == ["000.mp4", "001.mp4", "002.mp4"]
    assert sorted((tmp_path / "new" / "folder").iterdir()) == paths
    for clip, path in enumerate(paths):
        assert psnr(decode(path), frames[:, clip]) > 38


def test_folder_takes_names(tmp_path):
    paths = write_video(tmp_path / "out", clips(), fps=25, names=["first", "v1.2-0001"])
    assert [path.name for path in paths] == ["first.mp4", "v1.2-0001.mp4"]
    assert all(path.is_file() for path in paths)


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", "../b"], ["a", ""], ["a", "b", "c"]])
def test_folder_refuses_unsuitable_names(tmp_path, names):
    with pytest.raises(UserError, match="2 different plain file names"):
        write_video(tmp_path / "out", clips(), fps=25, names=names)
    assert list(tmp_path.iterdir()) == []


def test_mosaic_places_clips_row_by_row_with_white_gaps():
    frames = np.stack([np.full((2, 3, 3), value, np.uint8) for value in (10, 20, 30)])
    picture = mosaic(frames)
    assert picture[..., 0].tolist() == [
        [10, 10, 10, 255, 255, 20, 20, 20],
        [10, 10, 10, 255, 255, 20, 20, 20],
        [255] * 8,
        [255] * 8,
        [30, 30, 30, 255, 255, 255, 255, 255],
        [30, 30, 30, 255, 255, 255, 255, 255],
    ]


@pytest.mark.parametrize(
    ("num_clips", "grid"), [(1, (1, 1)), (2, (1, 2)), (5, (2, 3)), (9, (3, 3))]
)
def test_mosaic_is_near_to_square(num_clips, grid):
    picture = mosaic(np.zeros((num_clips, 10, 10, 3), np.uint8))
    assert picture.shape == (12 * grid[0] - 2, 12 * grid[1] - 2, 3)


def test_frames_are_taken_one_at_a_time(tmp_path):
    """A frame may be forgotten before the next but one is asked for."""
    import weakref

    frames, alive, most = clips(num_frames=40, height=16, width=16), [], 0

    def watch():
        nonlocal most
        for frame in frames:
            copy = frame.copy()
            alive.append(weakref.ref(copy))
            yield copy
            del copy
            most = max(most, sum(ref() is not None for ref in alive))

    for suffix in (".mp4", ".webm", ".gif", ".npy", ""):
        alive, most = [], 0
        write_video(tmp_path / f"a{suffix}", watch(), fps=25, num_frames=40)
        assert len(alive) == 40
        assert most <= 2, suffix


@pytest.mark.parametrize("name", ["a.avi", "a.mp3", "a.b"])
def test_unknown_suffix_lists_the_known_ones(tmp_path, name):
    with pytest.raises(UserError, match=r"\.mp4, \.webm, \.gif, \.png, \.npy") as caught:
        write_video(tmp_path / name, clips(), fps=25)
    assert repr(name) in str(caught.value)


def test_suffix_may_be_in_capitals(tmp_path):
    assert len(decode(write_video(tmp_path / "A.MP4", clips(), fps=25))) == 6


@pytest.mark.parametrize("fps", [0, -1, 0.0001, 2000, float("nan"), float("inf")])
def test_impossible_frame_rate(tmp_path, fps):
    with pytest.raises(UserError, match="frames per second"):
        write_video(tmp_path / "a.mp4", clips(), fps=fps)


@pytest.mark.parametrize("fps", [1 / 3600, 1 / 60, 1000])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_slow_and_fast_rates_are_read_as_they_were_written(tmp_path, fps, suffix):
    path = write_video(tmp_path / f"a{suffix}", clips(), fps=fps)
    assert probe(path).fps == pytest.approx(fps, rel=0.02)


def test_contact_sheet_needs_a_column(tmp_path):
    with pytest.raises(UserError, match="1 column"):
        write_video(tmp_path / "a.png", clips(), fps=25, num_columns=0)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ""])
@pytest.mark.parametrize(
    ("second", "message"),
    [
        (np.zeros((1, 4, 6, 3), np.uint8), r"time step 1 .*\(1, 4, 6, 3\)"),
        (np.zeros((1, 4, 4, 3), np.float32), "time step 1 .*float32"),
        (np.zeros((4, 4, 3), np.uint8), r"time step 1 .*\(4, 4, 3\)"),
        (None, "2 time steps .* got 1"),
    ],
)
def test_frames_that_do_not_fit_leave_nothing_behind(tmp_path, suffix, second, message):
    def make():
        yield np.zeros((1, 4, 4, 3), np.uint8)
        if second is not None:
            yield second

    path = tmp_path / f"out{suffix}"
    with pytest.raises(UserError, match=message):
        write_video(path, make(), fps=25, num_frames=2)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("suffix", [*SUFFIXES, ""])
def test_no_frames(tmp_path, suffix):
    with pytest.raises(UserError, match="at least one time step"):
        write_video(tmp_path / f"a{suffix}", iter(()), fps=25)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [*SUFFIXES, ""])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_interrupt_keeps_the_old_file_and_no_other(tmp_path, suffix, error):
    path = tmp_path / f"a{suffix}"
    write_video(path, clips(), fps=25)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    def interrupted():
        yield from clips(seed=1)[:3]
        raise error

    with pytest.raises(error):
        write_video(path, interrupted(), fps=25, num_frames=6)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_unreadable_frames_are_not_blamed_on_the_written_file(tmp_path):
    def unreadable():
        yield clips()[0]
        raise OSError("the store is gone")

    with pytest.raises(UserError, match="the store is gone"):
        write_video(tmp_path / "a.mp4", unreadable(), fps=25)


@pytest.mark.parametrize("suffix", [*SUFFIXES, ""])
def test_file_permissions_are_the_usual_ones(tmp_path, suffix):
    (tmp_path / "plain").write_text("")
    write_video(tmp_path / f"a{suffix}", clips(), fps=25)
    modes = {stat.S_IMODE(p.stat().st_mode) for p in tmp_path.rglob("*") if p.is_file()}
    assert modes == {stat.S_IMODE((tmp_path / "plain").stat().st_mode)}


@pytest.mark.parametrize("suffix", [*SUFFIXES, ""])
def test_a_file_in_the_way_of_the_folder(tmp_path, suffix):
    (tmp_path / "file").write_text("mine")
    path = tmp_path / "file" / f"a{suffix}"
    with pytest.raises(UserError, match="cannot write"):
        write_video(path, clips(), fps=25)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_folder_in_the_way_of_the_file(tmp_path, suffix):
    (tmp_path / f"a{suffix}").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        write_video(tmp_path / f"a{suffix}", clips(), fps=25)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


LIMITED = """
import json, resource, sys
import numpy as np
from videospace.clips.writing import write_video
from videospace.runtime.errors import UserError
folder, limit = sys.argv[1], int(sys.argv[2])
frames = np.random.default_rng(0).integers(0, 256, (8, 1, 96, 96, 3), dtype=np.uint8)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
messages = []
for name in ("a.mp4", "a.webm", "a.gif", "a.png", "a.npy", "folder"):
    try:
        write_video(f"{folder}/{name}", frames, fps=25)
        messages.append("written")
    except UserError as error:
        messages.append(str(error))
print(json.dumps(messages))
"""


@pytest.mark.parametrize("limit", [64, 20_000])
def test_no_room_is_explained_and_leaves_nothing(tmp_path, limit):
    """A limit on the size of files stands for a full disk: writes fail half-way."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(limit)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    messages = json.loads(done.stdout.splitlines()[-1])
    assert len(messages) == 6
    for message in messages:
        assert "File too large" in message, messages
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_single_clip_goes_to_the_encoder_without_a_copy():
    frames = np.zeros((1, 4, 6, 3), np.uint8)
    assert np.shares_memory(mosaic(frames), frames)
