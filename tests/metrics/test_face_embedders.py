import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from videospace.clips.decoding.video_input import read_frames
from videospace.metrics.face_embedders import (
    DeepFaceEmbedder,
    DlibFaceEmbedder,
    FaceEmbedder,
    enlarged,
)
from videospace.runtime.errors import UserError

RED, GREEN, BLACK = (200, 0, 0), (0, 100, 0), (0, 0, 0)


def clip(*colors: tuple[int, int, int], size: tuple[int, int] = (150, 160)) -> np.ndarray:
    return np.stack([np.full((*size, 3), color, np.uint8) for color in colors])


class Box:
    def __init__(self, side: int):
        self.side = side

    def area(self) -> int:
        return self.side**2


class FakeDlib(types.ModuleType):
    """Two boxes in every frame that is not black; a descriptor of color, box and frame size."""

    def __init__(self):
        super().__init__("dlib")
        self.opened: list[str] = []

    def get_frontal_face_detector(self):
        return lambda frame: [Box(80), Box(90), Box(85)] if frame.any() else []

    def shape_predictor(self, path: str):
        self.opened.append(path)
        return lambda frame, box: ("landmarks", box.side)

    def face_recognition_model_v1(self, path: str):
        self.opened.append(path)

        class Network:
            def compute_face_descriptor(self, frame, landmarks):
                assert frame.flags.c_contiguous
                assert landmarks[0] == "landmarks"
                numbers = [*frame.mean(axis=(0, 1)), landmarks[1], *frame.shape[:2]]
                return map(float, numbers)

        return Network()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A package of models that cannot be imported, as the real one where setuptools is new."""
    package = tmp_path / "face_recognition_models"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('pkg_resources')")
    monkeypatch.delitem(sys.modules, "face_recognition_models", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    return package / "models"


@pytest.fixture
def dlib(models, monkeypatch):
    fake = FakeDlib()
    monkeypatch.setitem(sys.modules, "dlib", fake)
    return fake


class TestDlib:
    def test_it_opens_the_models_of_the_package(self, dlib, models):
        embedder = DlibFaceEmbedder()
        assert isinstance(embedder, FaceEmbedder)
        assert dlib.opened == [
            str(models / "shape_predictor_5_face_landmarks.dat"),
            str(models / "dlib_face_recognition_resnet_model_v1.dat"),
        ]

    def test_it_embeds_the_largest_face_of_every_frame(self, dlib):
        rows = DlibFaceEmbedder()(clip(RED, GREEN))
        assert rows.tolist() == [[200, 0, 0, 90, 150, 160], [0, 100, 0, 90, 150, 160]]

    def test_small_frames_are_enlarged(self, dlib):
        rows = DlibFaceEmbedder()(clip(RED, size=(64, 32)))
        assert rows[0, 4:].tolist() == [300, 150]

    def test_a_frame_without_a_face_is_a_row_of_nan(self, dlib):
        rows = DlibFaceEmbedder()(clip(BLACK, RED, BLACK))
        assert np.isnan(rows).all(axis=1).tolist() == [True, False, True]
        assert rows.shape == (3, 6)
        assert np.isnan(DlibFaceEmbedder()(clip(BLACK, BLACK))).all(axis=1).tolist() == [True] * 2

    def test_frames_in_another_memory_order_are_taken(self, dlib):
        turned = clip(RED, GREEN, size=(160, 150)).transpose(0, 2, 1, 3)
        assert DlibFaceEmbedder()(turned)[1].tolist() == [0, 100, 0, 90, 150, 160]

    @pytest.mark.parametrize("missing", ["dlib", "face_recognition_models"])
    def test_without_a_library_the_message_says_what_to_install(self, dlib, monkeypatch, missing):
        monkeypatch.setitem(sys.modules, missing, None)
        with pytest.raises(UserError) as caught:
            DlibFaceEmbedder()
        assert str(caught.value) == (
            "face embeddings by dlib need libraries that are not installed: "
            "pip install dlib-bin face-recognition-models"
        )


class FakeDeepFace:
    """A small and a large face, the large one second, in every frame that is not black."""

    built: tuple[str, ...] = ()

    @classmethod
    def build_model(cls, model_name: str) -> None:
        if model_name == "Nobody":
            raise ValueError(f"Invalid model_name passed - {model_name}")
        cls.built = (*cls.built, model_name)

    @staticmethod
    def represent(img_path, model_name):
        if not img_path.any():
            raise ValueError("Face could not be detected in numpy array. Please confirm ...")
        if img_path[..., 0].mean() == 7:
            raise ValueError("out of order")
        sizes = ((10, 12), (30, 20), (5, 50))
        return [
            {
                "embedding": [float(w), *img_path.mean(axis=(0, 1)), float(len(model_name))],
                "facial_area": {"x": 0, "y": 0, "w": w, "h": h},
            }
            for w, h in sizes
        ]


@pytest.fixture
def deepface(monkeypatch):
    module = types.ModuleType("deepface")
    module.DeepFace = FakeDeepFace
    monkeypatch.setattr(FakeDeepFace, "built", ())
    monkeypatch.setitem(sys.modules, "deepface", module)
    return FakeDeepFace


class TestDeepFace:
    def test_it_embeds_the_largest_face_and_gives_blue_first(self, deepface):
        embedder = DeepFaceEmbedder("Facenet512")
        assert isinstance(embedder, FaceEmbedder)
        assert deepface.built == ("Facenet512",)
        assert embedder(clip(RED, GREEN)).tolist() == [[30, 0, 0, 200, 10], [30, 0, 100, 0, 10]]

    def test_a_frame_without_a_face_is_a_row_of_nan(self, deepface):
        rows = DeepFaceEmbedder()(clip(BLACK, RED))
        assert np.isnan(rows).all(axis=1).tolist() == [True, False]

    def test_other_trouble_is_not_taken_for_a_missing_face(self, deepface):
        with pytest.raises(ValueError, match="out of order"):
            DeepFaceEmbedder()(clip((0, 0, 7)))

    def test_an_unknown_model_is_refused_at_once(self, deepface):
        with pytest.raises(UserError, match="Nobody"):
            DeepFaceEmbedder("Nobody")

    def test_without_the_library_the_message_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "deepface", None)
        with pytest.raises(UserError) as caught:
            DeepFaceEmbedder()
        assert str(caught.value) == (
            "face embeddings by deepface need libraries that are not installed: "
            "pip install deepface tf-keras"
        )

    def test_a_library_that_lacks_its_own_library_is_not_installed(self, tmp_path, monkeypatch):
        (tmp_path / "deepface.py").write_text("raise ValueError('this requires tf-keras')")
        monkeypatch.delitem(sys.modules, "deepface", raising=False)
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(UserError, match="pip install deepface"):
            DeepFaceEmbedder()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (150, 150)),
        ((10, 40), (150, 600)),
        ((149, 200), (150, 201)),
        ((1, 1), (150, 150)),
    ],
)
def test_the_shorter_side_becomes_150(size, expected):
    assert enlarged(clip(RED, size=size)[0]).shape == (*expected, 3)


def test_larger_frames_stay_as_they_are():
    frame = np.random.default_rng(0).integers(0, 256, (150, 170, 3), dtype=np.uint8)
    assert np.array_equal(enlarged(frame), frame)


@pytest.mark.realdata
def test_dlib_tells_two_people_apart():
    """With the published network, at its published limit for one person: a distance of 0.6."""
    recordings = Path(os.environ["VIDEOSPACE_DATA"])
    names = ("grid_s1/bgah3a.mp4", "grid_s1/bbaf2n.mp4", "grid_multi/swiz3n.mpg")
    faces = np.stack([next(read_frames(recordings / name)) for name in names[:2]])
    one, again = DlibFaceEmbedder()(faces)
    (other,) = DlibFaceEmbedder()(next(read_frames(recordings / names[2]))[None])
    assert np.linalg.norm(one - again) < 0.6 < np.linalg.norm(one - other)
