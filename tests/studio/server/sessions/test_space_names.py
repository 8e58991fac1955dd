import pytest

from videospace.studio.server.sessions.space_names import clip_names


@pytest.mark.parametrize(
    ("identity", "name", "source"),
    [
        ("my_holiday-0120-551c5d9e40", "my holiday 120", "my holiday"),
        ("mnist-00000-551c5d9e40", "mnist 0", "mnist"),
        ("ball-003", "ball 3", "ball"),
        ("two-parts-0007-00c5d9e401", "two-parts 7", "two-parts"),
        ("_-0000-551c5d9e40", "_ 0", "_"),
        ("tuesday", "tuesday", None),
        ("a-b", "a-b", None),
        ("", "", None),
    ],
)
def test_a_clip_has_the_name_of_its_source_and_a_number(identity, name, source):
    assert clip_names([identity]) == [(name, source)]


def test_clips_that_would_have_the_same_name_keep_their_ids():
    ids = ["walk-0000-551c5d9e40", "walk-0000-661c5d9e40", "walk-0010-551c5d9e40"]
    assert [name.name for name in clip_names(ids)] == [*ids[:2], "walk 10"]
    assert {name.source for name in clip_names(ids)} == {"walk"}
