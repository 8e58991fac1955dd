import pytest

from videospace.runtime.progress import FractionBar


def test_a_function_is_told_instead_of_a_bar(capsys):
    told = []
    with FractionBar(lambda fraction, note: told.append((fraction, note))) as bar:
        bar.show(0.25, "a")
        bar.show(1.5, "b")
    assert told == [(0.25, "a"), (1.0, "b")]
    assert capsys.readouterr().err == ""


def test_what_the_function_raises_ends_the_work():
    def stop(fraction: float, note: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), FractionBar(stop) as bar:
        bar.show(0.5, "a")
