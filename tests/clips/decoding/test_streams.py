"""Frames and times of whole and damaged streams, and the warnings about damage."""

import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from videospace.clips.cutting import cut_clips
from videospace.clips.decoding.streams import (
    ReadReport,
    TimedFrame,
    decode_stream,
    frame_rate,
    is_video_content,
)
from videospace.clips.decoding.video_input import at_rate, probe, read_frames, read_timed_frames


def textured(num_frames: int) -> np.ndarray:
    """Frames whose level tells their number, over a moving texture that fills every packet."""
    noise = np.random.default_rng(0).integers(0, 60, (48, 64 + num_frames, 3), np.uint8)
    frames = np.stack([noise[:, shift : shift + 64] for shift in range(num_frames)])
    frames[:, :16] = 4 * np.arange(num_frames)[:, None, None, None]
    return frames


def number_of(frame: np.ndarray) -> int:
    return round(float(frame[2:14].mean()) / 4)


def break_packet(path: Path, number: int) -> None:
    """Overwrite bytes in the middle of a packet."""
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    position, size = packets[number]
    content = bytearray(path.read_bytes())
    start, count = position + min(24, size // 3), max(4, min(40, size // 3))
    content[start : start + count] = np.random.default_rng(number).bytes(count)
    path.write_bytes(content)


@pytest.fixture
def damaged(tmp_path, make_video) -> Path:
    """Sixty frames, a key frame at every tenth, and a broken packet at frame 25."""
    options = {"g": "10", "bf": "0", "crf": "8"}
    whole = make_video(tmp_path / "whole.mp4", textured(60), codec_options=options)
    path = Path(shutil.copy(whole, tmp_path / "a.mp4"))
    break_packet(path, 25)
    return path


class TestDamage:
    @pytest.mark.parametrize("num_threads", [1, 4, 16])
    def test_decoding_goes_on_behind_it(self, damaged, num_threads):
        report = ReadReport()
        frames = list(read_timed_frames(damaged, num_threads=num_threads, report=report))
        numbers = [number_of(frame.pixels) for frame in frames]
        assert numbers == [*range(25), *range(30, 60)]
        assert [n for n, f in zip(numbers, frames, strict=True) if f.follows_gap] == [30]
        assert report.num_lost == 5
        assert report.times_seconds == [1.0]
        assert "damaged" in report.describe()

    def test_frames_before_it_are_exact(self, damaged):
        whole = damaged.parent / "whole.mp4"
        for frame, original in zip(read_frames(damaged), read_frames(whole), strict=False):
            if number_of(frame) == 30:
                break
            np.testing.assert_array_equal(frame, original)

    def test_every_second_frame_keeps_the_gap(self, damaged):
        frames = list(read_timed_frames(damaged, every=2))
        gaps = [frame for frame in frames if frame.follows_gap]
        assert len(gaps) == 1

    def test_no_clip_bridges_it(self, damaged):
        frames = ((f.pixels, f.follows_gap) for f in read_timed_frames(damaged))
        for _, clip in cut_clips(frames, 8, 8):
            numbers = [number_of(frame) for frame in clip]
            assert numbers == list(range(numbers[0], numbers[0] + 8))

    def test_a_whole_film_is_not_called_damaged(self, tmp_path, make_video):
        report = ReadReport()
        path = make_video(tmp_path / "a.mp4", textured(40), codec_options={"bf": "3", "g": "12"})
        assert len(list(decode_stream(path, report=report, usual_fps=25.0))) == 40
        assert (report.describe(), report.num_stalls) == ("", 0)


class TestTime:
    def test_a_stall_is_a_gap_and_no_part_of_the_rate(self, tmp_path, make_video):
        times = [*range(10), *range(100, 130)]
        path = make_video(tmp_path / "a.mkv", textured(40), times=times)
        report = ReadReport()
        frames = list(read_timed_frames(path, report=report))
        assert probe(path).fps == pytest.approx(25, rel=0.02)
        assert [index for index, frame in enumerate(frames) if frame.follows_gap] == [10]
        assert report.num_stalls == 1
        assert report.describe() == ""

    def test_a_clock_that_begins_again(self, tmp_path, make_video):
        """Two recordings of a camera joined byte by byte."""
        parts = [
            make_video(tmp_path / f"{part}.ts", textured(60)[30 * part :][:30]).read_bytes()
            for part in range(2)
        ]
        path = tmp_path / "joined.ts"
        path.write_bytes(b"".join(parts))
        frames = list(read_timed_frames(path))
        assert [number_of(frame.pixels) for frame in frames] == list(range(60))
        assert np.all(np.diff([frame.time_seconds for frame in frames]) >= 0)
        assert probe(path).fps == pytest.approx(25)

    @pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg, to cut without encoding")
    def test_frames_that_an_edit_list_hides_do_not_count(self, tmp_path, make_video):
        """A film that a phone has trimmed: its file begins with frames that are not shown."""
        whole = make_video(tmp_path / "whole.mp4", textured(60), codec_options={"g": "250"})
        path = tmp_path / "trimmed.mp4"
        cut = ["ffmpeg", "-v", "error", "-ss", "1.0", "-i", whole, "-c", "copy", path]
        subprocess.run(cut, check=True)
        report = ReadReport()
        frames = list(read_frames(path, report=report))
        assert number_of(frames[0]) == pytest.approx(25, abs=1)
        assert probe(path).num_frames == len(frames)
        assert report.describe() == ""

    def test_hidden_frames_are_not_announced(self, tmp_path, make_video):
        options = {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "300k"}
        path = make_video(tmp_path / "a.webm", textured(50), codec="libvpx", codec_options=options)
        assert probe(path).num_frames == len(list(read_frames(path))) == 50
        assert probe(path).fps == pytest.approx(25, rel=1e-3)

    def test_frames_of_equal_times_count_in_the_rate(self):
        assert frame_rate([[0.0, 0.04, 0.04, 0.08, 0.12, 0.12, 0.16]], None) == pytest.approx(37.5)

    @pytest.mark.parametrize(("fps", "expected"), [(50.0, 2), (25.0, 1), (12.5, 0.5)])
    def test_at_another_rate_each_frame_stands_as_long_as_before(
        self, fps, expected, tmp_path, make_video
    ):
        path = make_video(tmp_path / "a.mkv", textured(20))
        frames = list(at_rate(read_timed_frames(path), fps))
        assert len(frames) == pytest.approx(20 * expected, abs=1)
        numbers = [number_of(frame.pixels) for frame in frames]
        assert numbers == [int(index / expected) for index in range(len(frames))]

    def test_a_jittering_clock_loses_nothing(self, tmp_path, make_video):
        """Milliseconds, as a browser writes them."""
        times = [round(1000 * number / 30) for number in range(40)]
        path = make_video(tmp_path / "a.mkv", textured(40), fps=1000, times=times)
        frames = at_rate(read_timed_frames(path), probe(path).fps)
        assert [number_of(frame.pixels) for frame in frames] == list(range(40))


def test_the_last_frame_before_a_gap_stands_as_long_as_any():
    blank = np.zeros((1, 1, 3), np.uint8)
    frames = [TimedFrame(blank + n, n / 10 + (n > 4), n == 5) for n in range(10)]
    for fps, expected in ((10.0, 10), (20.0, 18), (5.0, 6)):
        numbers = [int(frame.pixels[0, 0, 0]) for frame in at_rate(iter(frames), fps)]
        assert len(numbers) == expected
        assert numbers == sorted(numbers)
    assert [int(f.pixels[0, 0, 0]) for f in at_rate(iter(frames), 10.0)] == list(range(10))


@pytest.mark.parametrize("num_threads", [1, 4, 16])
def test_frames_that_the_decoder_holds_back_have_times(num_threads, tmp_path, make_video):
    times = [*range(30), *range(150, 158)]
    path = make_video(
        tmp_path / "a.mkv", textured(38), codec="libx264", times=times, pixel_format="yuv420p"
    )
    frames = list(read_timed_frames(path, num_threads=num_threads))
    assert [index for index, frame in enumerate(frames) if frame.follows_gap] == [30]
    assert frames[-1].time_seconds == pytest.approx(157 / 25)


def test_a_slow_film_is_no_row_of_stalls(tmp_path, make_video):
    times = [40 * number for number in range(12)]
    path = make_video(tmp_path / "a.mkv", textured(12), times=times)
    assert not any(frame.follows_gap for frame in read_timed_frames(path))


def test_the_default_stream_is_shown(tmp_path):
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("ffv1", rate=25) for _ in range(2)]
        for stream, side in zip(streams, (64, 32), strict=True):
            stream.width = stream.height = side
            stream.pix_fmt = "bgr0"
        streams[0].disposition = av.stream.Disposition(0)
        streams[1].disposition = av.stream.Disposition.default
        for stream, side in zip(streams, (64, 32), strict=True):
            frame = av.VideoFrame.from_ndarray(np.zeros((side, side, 3), np.uint8))
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    assert next(read_frames(path)).shape == (32, 32, 3)


def test_videos_are_known_by_their_content(tmp_path, make_video):
    video = make_video(tmp_path / "a.mp4", textured(5)).rename(tmp_path / "clip.dat")
    text = tmp_path / "notes.dat"
    text.write_text("no film\n" * 100)
    assert is_video_content(video)
    assert not is_video_content(text)


FUZZ = """
import random, sys
from pathlib import Path
import av, numpy as np
from videospace.clips.decoding.streams import ReadReport
from videospace.clips.decoding.video_input import probe, read_frames
from videospace.runtime.errors import UserError

av.logging.set_level(av.logging.PANIC)
for path in map(Path, sys.argv[1:]):
    content = path.read_bytes()
    chance = random.Random(path.name)
    whole = list(read_frames(path))
    for attempt in range(8):
        broken = bytearray(content)
        if attempt % 2:
            del broken[chance.randrange(1, len(broken)):]
        for _ in range(0 if attempt % 2 else chance.randrange(1, 20)):
            broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        other = path.with_name("broken" + path.suffix)
        other.write_bytes(broken)
        try:
            probe(other)
            frames = list(read_frames(other, report=ReadReport()))
        except UserError as error:
            assert "\\n" not in str(error)
            continue
        assert len(frames) <= 2 * len(whole)
"""


def test_any_damage_is_an_error_or_frames(tmp_path, make_video):
    """Never a traceback, a crash or a hang."""
    codecs = {
        "h264.mp4": "libx264",
        "mpeg4.mp4": "mpeg4",
        "vp8.webm": "libvpx",
        "vp9.webm": "libvpx-vp9",
        "ffv1.mkv": "ffv1",
        "mpeg1.mpg": "mpeg1video",
        "mjpeg.avi": "mjpeg",
        "h264.ts": "libx264",
        "gif.gif": "gif",
        "mpeg2.mkv": "mpeg2video",
    }
    formats = {"mpeg4.mp4": "yuv420p", "mpeg2.mkv": "yuv420p"}
    paths = [
        make_video(tmp_path / name, textured(16), codec=codec, pixel_format=formats.get(name))
        for name, codec in codecs.items()
    ]
    done = subprocess.run([sys.executable, "-c", FUZZ, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_slow_and_fast_rates(tmp_path, make_video):
    for fps in (Fraction(1, 60), 1000):
        path = make_video(tmp_path / "a.mkv", textured(4), fps=fps)
        assert probe(path).fps == pytest.approx(float(fps), rel=0.01)
