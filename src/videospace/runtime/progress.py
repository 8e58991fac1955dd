"""A progress bar for work whose finished fraction is known."""

from collections.abc import Callable

from tqdm import tqdm

Progress = bool | Callable[[float, str], None] | None
"""Whether to show a bar; None shows it if standard error is a terminal. A function is called
instead, with the finished fraction and a note, and stops the work by raising."""


class FractionBar:
    """Shows the finished fraction and the time left; a context manager.

    Args:
        shown: Where to show it, as in :data:`Progress`.

    Example:
        >>> with FractionBar(False) as bar:
        ...     bar.show(0.5, "loss 1.20")
    """

    def __init__(self, shown: Progress) -> None:
        self._callback = shown if callable(shown) else None
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
        """Move the bar to a fraction in [0, 1], with a note beside it."""
        if self._callback is not None:
            self._callback(min(fraction, 1.0), note)
        self._bar.set_description_str(note, refresh=False)
        self._bar.update(min(fraction, 1.0) - self._bar.n)
