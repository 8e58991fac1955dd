import torch

from videospace.inrv.model.track_encoder import track_crops

SIDE = 48
PATHS = torch.tensor([[[-0.5, -0.25], [0.0, 0.0], [0.25, 0.5]], [[0.4, 0.0]] * 3])[None]


def thing_on_a_path(path):
    """Frames of a soft bright thing with a mark on its right, in front of gray."""
    frames = torch.zeros(1, len(path), 3, SIDE, SIDE)
    side = (torch.arange(SIDE) + 0.5) * 2 / SIDE - 1
    for time, (row, column) in enumerate(path.tolist()):
        for shift, channel in ((0.0, 0), (0.15, 1)):
            distance = (side[:, None] - row) ** 2 + (side - column - shift) ** 2
            frames[0, time, channel] += torch.exp(-distance / 0.005)
    return frames


def crops(frames, observed=None, paths=PATHS):
    observed = torch.ones_like(frames[:, :, 0]) if observed is None else observed
    return track_crops(frames, observed, paths, radius=0.6)[0]


def test_what_moves_with_a_track_stands_still_in_its_crops():
    frames = thing_on_a_path(PATHS[0, 0])
    still = thing_on_a_path(torch.zeros(3, 2))
    moving, other = crops(frames)
    expected = crops(still, paths=torch.zeros(1, 1, 3, 2))[0]
    torch.testing.assert_close(moving[:3], expected[:3], atol=0.08, rtol=0)
    assert moving[3].max() < 0.05
    assert other[3].max() > 3 * moving[3].max()  # of the track that does not follow it


def test_pixels_that_are_not_observed_do_not_count():
    frames = thing_on_a_path(PATHS[0, 0])
    observed = torch.ones_like(frames[:, :, 0])
    observed[:, 1:] = 0
    hidden = frames.clone()
    hidden[:, 1:] = 7.0
    assert torch.equal(crops(frames, observed), crops(hidden, observed))
    assert crops(frames, observed)[:, 4].max() <= 1 / 3 + 1e-6
