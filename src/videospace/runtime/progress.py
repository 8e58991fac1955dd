"""A progress bar for work whose end is known by time or by steps."""

from collections.abc import Callable

from tqdm import tqdm

Progress = bool | Callable[[float, str], None] | None
"""Show a bar or not; None shows it where standard error is a terminal; a function is called with
the share that is done and a note instead, and ends the work by raising."""


class FractionBar:
    """Shows the share that is done and the time left; a context manager.

    Args:
        shown: Where it is shown, as in :data:`Progress`.

    Example:
        >>> with FractionBar(False) as bar:
        ...     bar.show(0.5, "loss 1.20")
    """

    def __init__(self, shown: Progress) -> None:
        self._told = shown if callable(shown) else None
        self._bar = tqdm(
            total=1.0,
            bar_format="{percentage:3.0f}%|{bar:24}| {desc}, {remaining} left",
            disable=None if shown is None else callable(shown) or not shown,
        )

    def __enter__(self) -> "FractionBar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, fraction: float, note: str) -> None:
        """Move the bar to a share in [0, 1], with a note beside it."""
        if self._told is not None:
            self._told(min(fraction, 1.0), note)
        self._bar.set_description_str(note, refresh=False)
        self._bar.update(min(fraction, 1.0) - self._bar.n)
