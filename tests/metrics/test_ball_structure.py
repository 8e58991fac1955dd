import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.metrics.ball_structure import check_ball, fraction_valid
from videospace.runtime.errors import UserError

WHITE, BLUE = np.array([255.0, 255, 255]), np.array([0.0, 0, 255])
SIDE, NUM_FRAMES, RADIUS = 50, 25, 6


def triangle_wave(num_frames=NUM_FRAMES, radius=RADIUS, side=SIDE):
    phase = np.linspace(0, 1, num_frames)
    return radius + (side - 1 - 2 * radius) * (1 - np.abs(1 - 2 * phase))


def paint(rows, cols, radius=RADIUS, color=BLUE, side=SIDE, edge_px=1.0):
    """One disc a frame, as float RGB; ``rows`` and ``cols`` are numbers or one number a frame."""
    rows, cols, radius = np.broadcast_arrays(*map(np.atleast_1d, (rows, cols, radius)))
    y, x = np.ogrid[:side, :side]
    distance = np.hypot(y - rows[:, None, None], x - cols[:, None, None])
    coverage = np.clip((radius[:, None, None] - distance) / edge_px + 0.5, 0, 1)[..., None]
    return WHITE * (1 - coverage) + color * coverage


def as_video(picture):
    return np.round(np.clip(picture, 0, 255)).astype(np.uint8)


def ball(height=25.0, **options):
    return as_video(paint(height, triangle_wave(), **options))


def check(video, **options):
    return check_ball(video, **{"radius_px": RADIUS, "lowest_px": 22, "highest_px": 28, **options})


def test_a_true_ball_is_valid_and_measured():
    found = check(ball(25.3))
    assert found.valid
    assert found.reasons == ()
    assert found.found.all()
    assert (found.num_balls == 1).all()
    assert np.allclose(found.radius_px, RADIUS, atol=0.05)
    assert np.allclose(found.center_row, 25.3, atol=0.05)
    assert np.allclose(found.center_col, triangle_wave(), atol=0.05)
    assert (found.roundness > 0.98).all()


@settings(max_examples=30, deadline=None)
@given(
    radius=st.floats(2, 9),
    fraction=st.floats(0, 1),
    num_frames=st.integers(1, 60),
    side=st.integers(24, 80),
)
def test_true_balls_of_every_size_are_valid(radius, fraction, num_frames, side):
    height = radius + 1 + fraction * (side - 2 * radius - 3)
    cols = triangle_wave(num_frames, radius, side)
    video = as_video(paint(height, cols, radius=radius, side=side))
    assert check(video, radius_px=radius, lowest_px=height, highest_px=height).reasons == ()


def test_published_phase_of_the_wave_does_not_matter():
    """A wave that stops one step before its start, or starts in the middle, is as good."""
    cols = RADIUS + (SIDE - 1 - 2 * RADIUS) * (1 - np.abs(1 - 2 * np.arange(25) / 25))
    assert check(as_video(paint(25, cols))).valid
    assert check(as_video(paint(25, cols[::-1]))).valid


@pytest.mark.parametrize("edge_px", [2.0, 3.0, 4.0])
def test_soft_edges_and_noise_are_forgiven(edge_px):
    soft = paint(25, triangle_wave(), edge_px=edge_px)
    noise = np.random.default_rng(0).normal(0, 8, soft.shape)
    assert check(as_video(soft + noise)).reasons == ()


@pytest.mark.parametrize("apart", [4, 6, 9, 12, 13, 20])
def test_a_blend_of_two_clips_is_rejected(apart):
    """Mixing the pixels of two clips gives two half-transparent balls, not one between them."""
    low, high = 12, 12 + apart
    blend = (paint(low, triangle_wave()) + paint(high, triangle_wave())) / 2
    found = check(as_video(blend), lowest_px=low, highest_px=high)
    assert not found.valid


@pytest.mark.parametrize("share", [0.2, 0.3, 0.4])
def test_an_uneven_blend_is_rejected(share):
    blend = (1 - share) * paint(15, triangle_wave()) + share * paint(35, triangle_wave())
    assert not check(as_video(blend), lowest_px=15, highest_px=35).valid


def test_a_half_transparent_ball_is_not_solid():
    faint = 0.6 * paint(25, triangle_wave()) + 0.4 * WHITE
    assert (
        "not a solid round ball in frames 0, 1, 2, 3, 4 and 20 more"
        in check(as_video(faint)).reasons
    )


def test_an_empty_frame_is_rejected():
    video = ball()
    video[7] = 255
    found = check(video)
    assert found.reasons == ("no ball in frame 7",)
    assert found.num_balls[7] == 0
    assert np.isnan(found.center_row[7])
    assert not found.found[7]


def test_a_blank_clip_is_rejected():
    found = check(np.full((4, SIDE, SIDE, 3), 255, np.uint8))
    assert found.reasons == ("no ball in frames 0, 1, 2, 3",)


def test_two_balls_are_rejected():
    video = np.minimum(ball(), as_video(paint(8, 25, radius=4)))
    found = check(video)
    assert found.reasons == ("more than one ball in frames 0, 1, 2, 3, 4 and 20 more",)
    assert (found.num_balls == 2).all()
    assert np.allclose(found.center_row, 25, atol=0.1)


def test_a_speck_counts_from_three_pixels_on():
    video = ball()
    video[3, 2, 2:4] = BLUE
    assert check(video).valid
    video[3, 2, 4] = BLUE
    assert check(video).reasons == ("more than one ball in frame 3",)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_a_wrong_radius_is_rejected(factor):
    found = check(ball(radius=RADIUS * factor))
    assert found.reasons == ("radius not 6.0 px in frames 0, 1, 2, 3, 4 and 20 more",)
    assert np.allclose(found.radius_px, RADIUS * factor, atol=0.1)


@pytest.mark.parametrize("factor", [0.88, 1.12])
def test_a_radius_within_the_tolerance_is_not(factor):
    assert check(ball(radius=RADIUS * factor)).valid


def test_a_stretched_ball_is_rejected():
    """Two solid balls that overlap by half have a single blob and, made smaller, the right area."""
    smear = np.minimum(
        paint(21, triangle_wave(), radius=4.4), paint(29, triangle_wave(), radius=4.4)
    )
    found = check(as_video(smear))
    assert found.reasons == ("not a solid round ball in frames 0, 1, 2, 3, 4 and 20 more",)


@pytest.mark.parametrize("color", [(0, 0, 0), (255, 0, 0), (0, 200, 0)])
def test_a_ball_of_another_color_is_rejected(color):
    found = check(ball(color=np.array(color, float)))
    assert any(reason.startswith("ball of another color") for reason in found.reasons)


def test_colors_are_parameters():
    yellow_on_black = 255 - ball()
    assert check(yellow_on_black, ball_rgb=(255, 255, 0), background_rgb=(0, 0, 0)).valid
    assert not check(yellow_on_black).valid


@pytest.mark.parametrize(
    ("height", "valid"), [(19.5, False), (21.3, True), (28.7, True), (31, False)]
)
def test_height_lies_between_the_parents(height, valid):
    for parents in ((22, 28), (28, 22)):
        found = check(ball(height), lowest_px=parents[0], highest_px=parents[1])
        assert found.valid == valid
    if not valid:
        assert found.reasons == (
            f"height {height:.1f} px is not between the parents' 22.0 and 28.0 px",
        )


@pytest.mark.parametrize(("wobble", "valid"), [(0.8, True), (1.6, False)])
def test_height_is_constant(wobble, valid):
    heights = 25 + wobble * np.sin(np.linspace(0, 4 * np.pi, NUM_FRAMES))
    found = check(as_video(paint(heights, triangle_wave())))
    assert found.valid == valid
    assert all(reason.startswith("height strays from its mean 25.0 px") for reason in found.reasons)


def test_a_drifting_height_is_rejected():
    assert not check(as_video(paint(np.linspace(22.5, 27.5, NUM_FRAMES), triangle_wave()))).valid


def test_a_jump_is_rejected():
    cols = triangle_wave()
    cols[5] += 8
    found = check(as_video(paint(25, cols)))
    assert "jumps 11.1 px in one step, more than 5.6 px" in found.reasons


def test_the_longest_step_is_a_parameter():
    assert check(ball(), max_step_px=3.2).valid
    assert check(ball(), max_step_px=3.0).reasons == ("jumps 3.1 px in one step, more than 3.0 px",)


def test_a_trembling_path_is_rejected():
    """Steps within the bound, but to and fro."""
    cols = triangle_wave() * 0.8 + 4 + 2.4 * (-1) ** np.arange(NUM_FRAMES)
    found = check(as_video(paint(25, cols)), max_step_px=8)
    assert len(found.reasons) == 1
    assert "changes direction" in found.reasons[0]


def test_a_ball_that_bounces_more_often_needs_leave():
    wave = np.tile(triangle_wave()[:-1:2], 3)
    assert check(as_video(paint(25, wave)), max_step_px=8).reasons == (
        "changes direction 5 times, more than 1",
    )
    assert check(as_video(paint(25, wave)), max_step_px=8, max_turns=5).valid


def test_a_ball_that_stands_still_is_rejected():
    assert check(as_video(paint(25, np.full(NUM_FRAMES, 20.0)))).reasons == (
        "travels 0.0 px, less than half of the way of 37.0 px",
    )


@pytest.mark.parametrize("shape", [(0, 5, 5, 3), (2, 0, 5, 3), (2, 5, 0, 3)])
def test_an_empty_video_is_refused(shape):
    with pytest.raises(UserError, match="expected a video"):
        check(np.zeros(shape, np.uint8))


def test_a_ball_below_a_pixel_is_refused():
    with pytest.raises(UserError, match=r"radius 0\.5"):
        check(ball(), radius_px=0.5)


def test_fraction_of_valid_clips():
    good, bad = check(ball()), check(ball(40.0))
    assert fraction_valid([good, bad, good, good]) == 0.75
    with pytest.raises(UserError, match="at least one checked clip"):
        fraction_valid([])
