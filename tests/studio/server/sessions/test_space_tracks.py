"""The page of a space with tracks."""

import torch
from tests.support.toy_spaces import TRACKS, changed_model, random_space

from videospace.studio.server.sessions.space_items import Position
from videospace.studio.server.sessions.space_session import SpaceSession


def test_halfway_between_two_clips_is_where_the_interpolation_passes(recording_reader):
    space = random_space(4, changed_model(latent=TRACKS))
    session = SpaceSession(space, recording_reader)
    try:
        found = session.latent(Position(start="toy-0", end="toy-2", ratio=0.5))
        expected = space.interpolate("toy-0", "toy-2", steps=3)[1]
        torch.testing.assert_close(found, expected)
    finally:
        session.close()
