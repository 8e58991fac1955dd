"""Face detectors that need a library, with a fake library and on real videos."""

import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from videospace.clips.decoding.video_input import read_frames
from videospace.lipreading.mouth.detectors import FaceDetector
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mediapipe_detector import MediapipeDetector
from videospace.lipreading.mouth.pose import SIDE_IN_FACE_SIZES, MouthPose
from videospace.lipreading.mouth.reading import read_mouth
from videospace.runtime.errors import UserError


class Rectangle:
    """What dlib calls a rectangle."""

    def __init__(self, left: int, top: int, right: int, bottom: int):
        self.sides = left, top, right, bottom

    def left(self) -> int:
        return self.sides[0]

    def top(self) -> int:
        return self.sides[1]

    def right(self) -> int:
        return self.sides[2]

    def bottom(self) -> int:
        return self.sides[3]

    def area(self) -> int:
        return (self.sides[2] - self.sides[0]) * (self.sides[3] - self.sides[1])


class FakeDlib(types.ModuleType):
    """Faces are bright rectangles, 80 px wide or more, in the left and the right half."""

    rectangle = Rectangle

    def __init__(self):
        super().__init__("dlib")
        self.opened: list[str] = []
        self.looked_at: list[tuple[int, ...]] = []

    def get_frontal_face_detector(self):
        def find(gray):
            self.looked_at.append(gray.shape)
            middle = gray.shape[1] // 2
            found = []
            for left, half in ((0, gray[:, :middle]), (middle, gray[:, middle:])):
                y, x = np.nonzero(half > 100)
                if len(x) and np.ptp(x) >= 79:
                    found.append(Rectangle(left + x.min(), y.min(), left + x.max(), y.max()))
            return found

        return find

    def shape_predictor(self, path: str):
        self.opened.append(path)

        def place(gray, box):
            assert gray.ndim == 2
            left, top, right, bottom = box.sides
            spots = np.zeros((68, 2))
            spots[36:42] = 0.25, 0.3
            spots[42:48] = 0.75, 0.3
            spots[48:68] = 0.5, 0.8
            points = [
                types.SimpleNamespace(x=left + x * (right - left), y=top + y * (bottom - top))
                for x, y in spots
            ]
            return types.SimpleNamespace(parts=lambda: points)

        return place


@pytest.fixture
def dlib(tmp_path, monkeypatch) -> FakeDlib:
    package = tmp_path / "face_recognition_models"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('pkg_resources')")
    monkeypatch.delitem(sys.modules, "face_recognition_models", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    fake = FakeDlib()
    monkeypatch.setitem(sys.modules, "dlib", fake)
    return fake


def faces(height: int, width: int, *boxes: tuple[int, int, int]) -> np.ndarray:
    frame = np.zeros((height, width, 3), np.uint8)
    for top, left, side in boxes:
        frame[top : top + side, left : left + side] = 200
    return frame


class TestDlib:
    def test_nothing_is_opened_before_the_first_frame(self, dlib, tmp_path):
        detector = DlibDetector()
        assert isinstance(detector, FaceDetector)
        assert dlib.opened == []
        detector(faces(200, 200))
        detector(faces(200, 200))
        models = tmp_path / "face_recognition_models" / "models"
        assert dlib.opened == [str(models / "shape_predictor_68_face_landmarks.dat")]

    def test_the_mouth_is_placed_in_the_frame_as_it_is(self, dlib):
        (pose,) = DlibDetector()(faces(800, 1200, (100, 100, 400)))
        assert dlib.looked_at == [(200, 300)]
        assert pose == pytest.approx(
            MouthPose(300.0, 420.0, SIDE_IN_FACE_SIZES * 200, 0.0), rel=0.02
        )

    def test_a_face_that_shrinking_made_too_small_is_found_at_twice_the_size(self, dlib):
        (pose,) = DlibDetector()(faces(800, 1200, (100, 100, 200)))
        assert dlib.looked_at == [(200, 300), (400, 600)]
        assert pose == pytest.approx(
            MouthPose(200.0, 260.0, SIDE_IN_FACE_SIZES * 100, 0.0), rel=0.03
        )

    def test_the_largest_face_comes_first(self, dlib):
        poses = DlibDetector()(faces(200, 400, (10, 10, 90), (10, 210, 120)))
        assert [round(pose.x_px) for pose in poses] == [270, 54]

    def test_small_frames_are_looked_at_once(self, dlib):
        assert DlibDetector()(faces(90, 120)) == []
        assert dlib.looked_at == [(90, 120)]

    @pytest.mark.parametrize("missing", ["dlib", "face_recognition_models"])
    def test_the_extra_is_named(self, dlib, monkeypatch, missing):
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(UserError, match="extra 'lipreading'"):
            DlibDetector()(faces(50, 50))


class FakeMesh:
    """A small and a large face in frames that are not black, in shares of the frame."""

    def __init__(self, static_image_mode: bool, max_num_faces: int):
        assert static_image_mode
        assert max_num_faces > 1

    def process(self, frame):
        if not frame.any():
            return types.SimpleNamespace(multi_face_landmarks=None)
        small, large = (self.face(0.25, 0.1), self.face(0.75, 0.2))
        return types.SimpleNamespace(multi_face_landmarks=[small, large])

    @staticmethod
    def face(x: float, size: float):
        spots = np.tile((x, 0.5), (478, 1))
        for number in (33, 133):
            spots[number] = x - size / 2, 0.5 - size
        for number in (362, 263):
            spots[number] = x + size / 2, 0.5 - size
        landmarks = [types.SimpleNamespace(x=x, y=y, z=0.0) for x, y in spots]
        return types.SimpleNamespace(landmark=landmarks)


class TestMediapipe:
    def test_faces_are_sorted_and_in_pixels(self, monkeypatch):
        solutions = types.SimpleNamespace(face_mesh=types.SimpleNamespace(FaceMesh=FakeMesh))
        library = types.SimpleNamespace(solutions=solutions)
        monkeypatch.setitem(sys.modules, "mediapipe", library)
        detector = MediapipeDetector()
        assert isinstance(detector, FaceDetector)
        large, small = detector(np.ones((200, 200, 3), np.uint8))
        assert large == pytest.approx(MouthPose(150.0, 100.0, SIDE_IN_FACE_SIZES * 40, 0.0))
        assert small == pytest.approx(MouthPose(50.0, 100.0, SIDE_IN_FACE_SIZES * 20, 0.0))
        assert detector(np.zeros((200, 200, 3), np.uint8)) == []

    @pytest.mark.parametrize("library", [None, types.SimpleNamespace()])
    def test_a_release_with_models_is_asked_for(self, monkeypatch, library):
        monkeypatch.setitem(sys.modules, "mediapipe", library)
        with pytest.raises(UserError, match="mediapipe<"):
            MediapipeDetector()(np.ones((20, 20, 3), np.uint8))


@pytest.mark.realdata
class TestRealFaces:
    @pytest.fixture
    def data(self) -> Path:
        return Path(os.environ["VIDEOSPACE_DATA"])

    @pytest.mark.parametrize("name", ["grid_s1/bgah3a.mp4", "grid_multi/swiz3n.mpg"])
    def test_the_face_is_found_in_every_frame(self, data, name):
        clip, report = read_mouth(data / name, DlibDetector())
        assert len(clip.frames) == 75
        assert report.face_fraction >= 0.95
        assert report.several_faces_fraction == 0
        assert 34 < report.mouth_side_px < 57
        assert report.problems == []

    def test_a_smaller_and_a_larger_film_give_the_same_crop(self, data):
        film = np.stack(list(read_frames(data / "grid_s1" / "bgah3a.mp4"))[:20])
        large = film.repeat(2, axis=1).repeat(2, axis=2)
        clip, _ = read_mouth(film, DlibDetector())
        large_clip, _ = read_mouth(large, DlibDetector())
        difference = large_clip.frames.astype(int) - clip.frames
        assert np.abs(difference).mean() < 4

    def test_the_end_of_the_speech_is_found(self, data):
        _, report = read_mouth(data / "grid_s1" / "bgah3a.mp4", DlibDetector())
        rows = (data / "grid_s1" / "words.tsv").read_text().splitlines()
        spoken = [row.split("\t") for row in rows if row.startswith("bgah3a")]
        assert report.movement_start_seconds == pytest.approx(float(spoken[0][2]) / 25, abs=0.5)
        assert report.movement_end_seconds == pytest.approx(float(spoken[-1][1]) / 25, abs=0.2)
