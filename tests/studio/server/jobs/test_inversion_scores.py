import numpy as np
import pytest

from videospace.studio.server.jobs.inversion_scores import compared, error_map, how_well_known
from videospace.studio.server.uploads.recordings import PaddedClip

ALL = np.ones((2, 8, 8), bool)


def checkered() -> np.ndarray:
    video = np.full((2, 8, 8, 3), 28, np.uint8)
    video[:, ::2] = 228
    return video


@pytest.mark.parametrize(
    ("error", "knows"), [(20, "well"), (55, "roughly"), (90, "not"), (150, "not")]
)
def test_a_space_knows_a_video_that_it_shows_much_better_than_one_color_does(error, knows):
    """One color errs by 100 gray levels; 3 dB less are 71, and 6 dB less are 50."""
    video = checkered()
    found = np.where(video > 128, video - error, video + error).astype(np.uint8)
    assert how_well_known(found, video, ALL) == knows


def test_only_observed_pixels_count():
    video, observed = checkered(), ALL.copy()
    observed[:, :, 4:] = False
    found = video.copy()
    found[:, :, 4:] = 255 - found[:, :, 4:]
    assert how_well_known(found, video, observed) == "well"
    assert how_well_known(found, video, ALL) == "not"


def test_a_video_of_one_color_can_be_known():
    gray = np.full((2, 8, 8, 3), 90, np.uint8)
    assert how_well_known(gray + np.uint8(3), gray, ALL) == "well"
    assert how_well_known(gray + np.uint8(100), gray, ALL) == "not"


def test_an_error_map_is_black_without_errors_and_brighter_where_they_are_larger():
    video = np.zeros((1, 1, 4, 3), np.uint8)
    found = video.copy()
    found[0, 0, 1:] = [[10] * 3, [40] * 3, [200] * 3]
    brightness = error_map(found, video).astype(int).sum(axis=-1)[0, 0]
    assert brightness[0] == 0
    assert all(np.diff(brightness) > 0)


def test_the_panels_are_as_wide_as_their_names_say():
    video = PaddedClip(checkered(), 2, 25.0)
    observed = ALL.copy()
    observed[0] = False
    for mask, number in ((ALL, 3), (observed, 4)):
        names, frames = compared(video, mask, checkered())
        assert len(names) == number
        assert frames.shape == (2, 8, 8 * number + 2 * (number - 1), 3)
