import numpy as np
import pytest
from tests.support.drawn_faces import FacePose, draw_face
from tests.support.mouth_videos import encoded_video, mouth_frames

from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.reading import read_mouth


def test_pictures_and_landmarks_come_out_of_the_sandbox(recording_reader, tmp_path):
    pytest.importorskip("dlib", reason="needs the extra 'lipreading'")
    opening = np.abs(np.sin(np.linspace(0, 6, 12)))
    film = encoded_video(np.stack([draw_face(FacePose(opened=float(each))) for each in opening]))
    clip, _ = recording_reader.read(film, "dlib")
    (tmp_path / "film.mp4").write_bytes(film)
    direct, _ = read_mouth(tmp_path / "film.mp4", DlibDetector())
    assert direct.landmarks.shape == (12, 27, 2)
    np.testing.assert_array_equal(clip.frames, direct.frames)
    np.testing.assert_array_equal(clip.landmarks, direct.landmarks)
    lower_lip = clip.landmarks[:, 9, 1] - clip.landmarks[:, 3, 1]
    assert np.corrcoef(lower_lip, opening)[0, 1] > 0.8


def test_a_finder_without_landmarks(recording_reader):
    clip, _ = recording_reader.read(encoded_video(mouth_frames(0)), "middle")
    assert clip.landmarks is None
    assert clip.frames.shape[1:] == (88, 88)
