import numpy as np
import pytest

from videospace.lipreading.mouth.detectors import FixedBox, detector_named
from videospace.lipreading.mouth.dlib_detector import DlibDetector
from videospace.lipreading.mouth.mediapipe_detector import MediapipeDetector
from videospace.runtime.errors import UserError


def test_detectors_have_names():
    assert isinstance(detector_named("dlib"), DlibDetector)
    assert isinstance(detector_named("mediapipe"), MediapipeDetector)


@pytest.mark.parametrize("height", [100, 300])
def test_the_middle_is_half_of_the_shorter_side(height):
    (pose,) = detector_named("middle")(np.zeros((height, 200, 3), np.uint8))
    assert pose == (100.0, height / 2, min(height, 200) / 2, 0.0)


@pytest.mark.parametrize("fraction", [0.0, 1.5])
def test_a_fraction_is_checked(fraction):
    with pytest.raises(UserError, match="fraction"):
        FixedBox(fraction=fraction)
