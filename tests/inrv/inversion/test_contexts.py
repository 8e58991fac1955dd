import jaxtyping
import numpy as np
import pytest

from videospace.inrv.inversion.contexts import Context, common_size
from videospace.runtime.errors import UserError

VIDEO = np.zeros((4, 6, 8, 3), np.uint8)
ALL = np.ones((4, 6, 8), bool)


@pytest.fixture
def as_a_user(monkeypatch):
    """Without the checks of shapes that only the tests have."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


class TestContext:
    def test_contexts_combine_by_hiding_more(self):
        late = np.broadcast_to(np.arange(4)[:, None, None] >= 2, ALL.shape)
        left = np.broadcast_to(np.arange(8) < 4, ALL.shape)
        both = Context(video=VIDEO, observed=ALL).without(late).without(left)
        assert both.observed_fraction == 0.25
        assert not (both.observed & late).any()
        assert not (both.observed & left).any()

    @pytest.mark.parametrize(
        ("video", "observed", "message"),
        [
            (VIDEO[0], ALL, "expected a video as uint8"),
            (VIDEO[..., :1], ALL, "expected a video as uint8"),
            (VIDEO[:0], ALL[:0], "expected a video with pixels"),
            (VIDEO, ALL[:3], "expected a mask"),
            (VIDEO, ~ALL, "hides the whole video"),
        ],
    )
    def test_what_does_not_fit(self, as_a_user, video, observed, message):
        with pytest.raises(UserError, match=message):
            Context(video=video, observed=observed)

    @pytest.mark.parametrize("bad", [-1.0, np.nan, 0.0])
    def test_weights_that_mean_nothing(self, as_a_user, bad):
        with pytest.raises(UserError, match="finite weights"):
            Context(video=VIDEO, observed=ALL, weight=np.full(ALL.shape, bad))

    def test_a_second_mask_of_another_size(self, as_a_user):
        with pytest.raises(UserError, match="expected a mask"):
            Context(video=VIDEO, observed=ALL).without(ALL[:1])


def test_contexts_of_one_size():
    whole = Context(video=VIDEO, observed=ALL)
    short = Context(video=VIDEO[:2], observed=ALL[:2])
    assert common_size([whole, whole]) == (4, 6, 8)
    with pytest.raises(UserError, match="one size"):
        common_size([whole, short])
    with pytest.raises(UserError, match="at least one context"):
        common_size([])
