"""The studio under load and under kills, in short."""

import pytest

pytest.importorskip("fastapi", reason="needs the extra 'studio'")

from benchmarks.studio_kills import same
from tests.support.studio_process import Tally

from benchmarks import studio_kills, studio_load


def test_three_pages_at_once_lose_nothing(run_main):
    found = run_main(
        studio_load.main,
        *("--words", "6", "--answers", "2", "--clients", "3", "--seconds", "3"),
        *("--malformed", "0"),
    )
    assert found["load"]["mishaps"] == []
    assert found["load"]["failures"] == []
    assert found["load"]["recordings"]["kept"] > 3
    assert {found["load"]["recordings"][name] for name in ("lost", "came_back", "damaged")} == {0}
    assert found["alone"]["answer"]["count"] == 2
    assert found["passed"]


def test_what_was_acknowledged_survives_kills(run_main):
    found = run_main(studio_kills.main, "--kills", "2", "--most-acts", "6")
    assert found["wrong"] == []
    assert found["passed"]
    assert sum(found["doing_when_killed"].values()) == 2
    assert found["done"]["record"] >= 1


@pytest.mark.parametrize(
    ("expected", "is_same"),
    [
        ({"ann": {"tea": {"1"}, "yes": set()}}, True),
        ({"ann": {"tea": {"?"}, "yes": set()}}, True),
        ({"?": {"tea": {"1"}, "yes": set()}}, True),
        ({"ann": {"tea": {"1"}}}, False),
        ({"ann": {"tea": {"1", "?"}, "yes": set()}}, False),
        ({"ann": {"tea": {"2"}, "yes": set()}}, False),
        ({"ann": {"tea": {"1"}, "yes": set()}, "bo": {}}, False),
        ({"ann": {"tea": {"1"}, "yes": set()}, "?": {}}, False),
    ],
)
def test_what_is_there_is_compared_with_what_should_be(expected, is_same):
    assert same(expected, {"ann": {"tea": {"1"}, "yes": set()}}) is is_same


def test_tallies_add_up():
    one, other = Tally(), Tally()
    for tally in (one, other):
        tally.statuses[200] += 1
        tally.seconds["export"].append(0.5)
    total = Tally.of([one, other])
    assert (total.statuses[200], total.seconds["export"]) == (2, [0.5, 0.5])


@pytest.mark.parametrize(
    ("main", "arguments", "message"),
    [
        (studio_load.main, ["--words", "1"], "expected at least 2 words"),
        (studio_kills.main, ["--kills", "0"], "expected at least 1 kill"),
    ],
)
def test_what_cannot_be_measured_is_said(main, arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--no-save"])
    assert stopped.value.code == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
