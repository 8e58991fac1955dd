"""Reading mouth clips from videos of every kind, with a drawn face and a fake detector."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from videospace.lipreading.mouth.detectors import FaceDetector, FixedBox
from videospace.lipreading.mouth.pose import MouthPose
from videospace.lipreading.mouth.reading import read_crops, read_mouth
from videospace.runtime.errors import UnreadableVideo, UserError


def lips_are_in_the_middle(frames: np.ndarray, tolerance: float = 2.0) -> bool:
    """The made lips are darker than all around, and cover 22×22 px."""
    for frame in frames:
        y, x = np.nonzero(frame < 100)
        if abs(x.mean() - 43.5) > tolerance or abs(y.mean() - 43.5) > tolerance:
            return False
    return True


def turn_clockwise(path: Path) -> None:
    """Write a quarter turn into the track header, as a phone does."""
    content = path.read_bytes()
    start = content.index(b"tkhd") + 44
    one = 1 << 16
    matrix = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content[:start] + matrix + content[start + len(matrix) :])


@pytest.fixture
def film(make_picture):
    """A mouth that wanders slowly to the right and down."""

    def make(num_frames: int, fps: float = 25.0) -> np.ndarray:
        times = np.arange(num_frames) / fps
        return np.stack([make_picture((50 + 10 * t, 50 + 5 * t)) for t in times])

    return make


class TestReadMouth:
    @pytest.mark.parametrize("fps", [8.0, 25.0, 30.0, 120.0])
    def test_the_mouth_is_followed_at_every_rate(self, film, detector, make_film, tmp_path, fps):
        path = make_film(tmp_path / "a.mp4", film(round(2 * fps), fps), fps)
        clip, report = read_mouth(path, detector)
        assert len(clip.frames) == round(2 * fps)
        assert clip.fps == report.fps == pytest.approx(fps)
        assert lips_are_in_the_middle(clip.frames)
        assert report.face_fraction == 1
        assert report.num_lost_frames == 0
        assert report.mouth_side_px == pytest.approx(48, abs=2)
        is_too_few = any("8 pictures a second" in problem for problem in report.problems)
        assert is_too_few == (fps == 8)

    def test_not_every_frame_is_searched(self, film):
        seen = []

        def detector(frame):
            seen.append(frame)
            return [MouthPose(50.0, 50.0, 40.0, 0.0)]

        clip, _ = read_mouth(film(120, 120.0), detector, fps=120.0)
        assert len(clip.frames) == 120
        assert len(seen) == 14

    def test_gray_frames_are_taken(self, film, detector):
        gray = film(10)[..., 0]
        clip, _ = read_mouth(gray, lambda frame: [MouthPose(50.0, 50.0, 40.0, 0.0)])
        assert clip.frames.shape == (10, 88, 88)
        rgb, _ = read_mouth(
            gray[..., None].repeat(3, axis=3), lambda frame: [MouthPose(50.0, 50.0, 40.0, 0.0)]
        )
        assert np.array_equal(clip.frames, rgb.frames)

    def test_a_gray_film_is_taken(self, tmp_path):
        path = tmp_path / "gray.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.height, stream.width, stream.pix_fmt = 120, 160, "gray"
            for _ in range(10):
                levels = np.full((120, 160), 120, np.uint8)
                levels[44:56, 44:56] = 20
                container.mux(stream.encode(av.VideoFrame.from_ndarray(levels, format="gray")))
            container.mux(stream.encode(None))
        clip, _ = read_mouth(path, FixedBox("26,26,48,48"))
        assert lips_are_in_the_middle(clip.frames)

    def test_rotation_noted_in_the_file_is_applied(
        self, make_picture, detector, make_film, tmp_path
    ):
        upright = np.stack([make_picture((40, 90), height=160, width=120)] * 6)
        path = make_film(tmp_path / "turned.mp4", np.rot90(upright, axes=(1, 2)))
        turn_clockwise(path)
        shapes = []
        clip, _ = read_mouth(path, lambda frame: shapes.append(frame.shape) or detector(frame))
        assert set(shapes) == {(160, 120, 3)}
        assert lips_are_in_the_middle(clip.frames)

    def test_a_folder_of_images_is_taken(self, film, detector, tmp_path):
        for number, frame in enumerate(film(5)):
            Image.fromarray(frame).save(tmp_path / f"{number}.png")
        clip, _ = read_mouth(tmp_path, detector, fps=15.0)
        assert (len(clip.frames), clip.fps) == (5, 15.0)
        assert lips_are_in_the_middle(clip.frames)

    def test_two_frames_are_read_and_named(self, film, detector):
        clip, report = read_mouth(film(2), detector)
        assert len(clip.frames) == 2
        assert "too short" in report.problems[0]

    def test_a_minute_is_read_and_named(self, detector, make_picture, make_film, tmp_path):
        frames = np.broadcast_to(make_picture((50, 50)), (1500, 120, 160, 3))
        clip, report = read_mouth(make_film(tmp_path / "long.mp4", frames), detector)
        assert len(clip.frames) == 1500
        assert "it lasts 60 s: record one word at a time" in report.problems


class TestFaces:
    def test_no_face_is_said(self, make_picture, detector, make_film, tmp_path):
        path = make_film(tmp_path / "wall.mp4", np.stack([make_picture()] * 10))
        with pytest.raises(UserError, match=r"wall\.mp4"):
            read_mouth(path, detector)
        with pytest.raises(UserError, match="the frames"):
            read_mouth(np.zeros((1, 20, 20, 3), np.uint8), detector)

    def test_a_face_lost_half_way_is_bridged_and_said(self, film, make_picture, detector):
        frames = film(75)
        frames[25:50] = make_picture()
        clip, report = read_mouth(frames, detector)
        assert len(clip.frames) == 75
        assert report.face_fraction == pytest.approx(2 / 3, abs=0.03)
        assert report.longest_gap_seconds == pytest.approx(1.0, abs=0.1)
        assert report.longest_gap_start_seconds == pytest.approx(1.0, abs=0.1)
        assert any(problem.startswith("the face is lost for 1.0 s") for problem in report.problems)
        assert lips_are_in_the_middle(clip.frames[:25])
        assert lips_are_in_the_middle(clip.frames[50:])

    def test_a_face_that_never_comes_back_is_kept_and_said(self, film, make_picture, detector):
        frames = film(50)
        frames[25:] = make_picture()
        clip, report = read_mouth(frames, detector)
        assert len(clip.frames) == 50
        assert any(problem.startswith("the face is lost for 1.0 s") for problem in report.problems)

    def test_of_two_faces_the_nearer_one_is_read(self, make_picture, detector_of_two):
        frames = np.stack([make_picture((40, 60), size=16) for _ in range(20)])
        frames[:, 44:56, 114:126] = (200, 30, 30)
        clip, report = read_mouth(frames, detector_of_two)
        assert report.several_faces_fraction == 1
        assert "there is more than one face: let only the speaker be in the picture" in (
            report.problems
        )
        assert report.mouth_side_px == pytest.approx(64)
        assert lips_are_in_the_middle(clip.frames)

    def test_a_mouth_at_the_edge_is_said(self, make_picture):
        frames = np.stack([make_picture((2, 60))] * 10)
        _, report = read_mouth(frames, lambda frame: [MouthPose(2.0, 60.0, 48.0, 0.0)])
        assert report.out_of_frame_fraction == 1


class TestDamage:
    def test_a_film_cut_off_gives_what_is_left_and_says_so(
        self, film, detector, make_film, tmp_path
    ):
        whole = make_film(tmp_path / "whole.mkv", film(100))
        content = bytearray(whole.read_bytes())
        content[len(content) // 2 : len(content) // 2 + 400] = b"\x55" * 400
        damaged = tmp_path / "damaged.mkv"
        damaged.write_bytes(content)
        clip, report = read_mouth(damaged, detector)
        assert 0 < len(clip.frames) < 100
        assert lips_are_in_the_middle(clip.frames[:30])
        assert len(clip.frames) + report.num_lost_frames in range(99, 102)
        assert "damaged" in report.problems[0]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"not a film" * 100, "cut off"),
        ],
    )
    def test_no_film_is_said(self, tmp_path, detector, content, reason):
        path = tmp_path / "a.mp4"
        path.write_bytes(content)
        for read in (lambda: read_mouth(path, detector), lambda: read_crops(path)):
            with pytest.raises(UnreadableVideo, match=reason):
                read()

    @pytest.mark.parametrize(
        "frames",
        [
            np.zeros((4, 20, 20, 3), np.float32),
            np.zeros((4, 20, 20, 4), np.uint8),
            np.zeros((0, 20, 20, 3), np.uint8),
            np.zeros((20, 20), np.uint8),
        ],
    )
    def test_other_arrays_are_refused(self, frames, detector):
        with pytest.raises(UserError, match="uint8"):
            read_mouth(frames, detector)

    @pytest.mark.parametrize("fps", [0.0, -5.0, float("nan"), float("inf")])
    def test_a_rate_that_is_none_is_refused(self, film, detector, fps):
        with pytest.raises(UserError, match="frame rate"):
            read_mouth(film(2), detector, fps=fps)


class TestFixedBox:
    def test_it_is_a_detector(self):
        assert isinstance(FixedBox(), FaceDetector)

    def test_the_middle_square_is_the_default(self):
        assert FixedBox()(np.zeros((60, 100, 3), np.uint8)) == [MouthPose(50.0, 30.0, 60.0, 0.0)]

    def test_the_box_is_cut_out(self):
        frames = np.random.default_rng(0).integers(0, 256, (3, 100, 120), dtype=np.uint8)
        clip, report = read_mouth(frames, FixedBox("4,20,88,88"))
        difference = clip.frames.astype(int) - frames[:, 4:92, 20:108]
        assert np.abs(difference).max() <= 1  # of rounding
        assert report.mouth_side_px == pytest.approx(88)

    @pytest.mark.parametrize("box", ["0,0,61,10", "0,90,10,11"])
    def test_a_box_beyond_the_frame_is_refused(self, box):
        with pytest.raises(UserError, match=box):
            FixedBox(box)(np.zeros((60, 100, 3), np.uint8))

    def test_a_box_that_is_none_is_refused(self):
        with pytest.raises(UserError, match="top,left"):
            FixedBox("1,2,3")


def test_a_camera_that_changes_its_size_is_read_on(tmp_path):
    """As a phone does that is turned during the recording."""
    path = tmp_path / "turned.webm"
    with av.open(path, "w") as container:
        stream = container.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for start, size in ((0, (240, 320)), (25, (160, 120))):
            for packet in encoded(size, start):
                packet.stream = stream
                container.mux(packet)
    clip, report = read_mouth(path, FixedBox("center"))
    assert len(clip.frames) == 50
    assert report.num_lost_frames == 0
    assert not any("leaves the picture" in problem for problem in report.problems)


def encoded(size: tuple[int, int], start: int) -> list[av.Packet]:
    """A second of a mouth that opens and shuts."""
    height, width = size
    coder = av.CodecContext.create("libvpx", "w")
    coder.width, coder.height, coder.pix_fmt = width, height, "yuv420p"
    coder.time_base = Fraction(1, 25)
    packets = []
    for number in range(25):
        pixels = np.full((height, width, 3), 120, np.uint8)
        half = 4 + number % 12
        pixels[height // 2 - half : height // 2 + half, width // 3 : -width // 3] = 20
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame.pts, frame.time_base = start + number, coder.time_base
        packets += coder.encode(frame)
    return packets + coder.encode(None)
