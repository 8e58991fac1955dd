"""The card of a lipreading model: a README that says what it is and where it comes from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from videospace.runtime.files import written_whole

MOST_WORDS = 40


def write_card(
    path: Path, *, encoder: str, words: Sequence[str], scores: Mapping[str, Any]
) -> None:
    """Write the card beside the weights.

    Args:
        path: The file.
        encoder: Name of the network.
        words: What its classifier tells apart.
        scores: What is known of its training.

    Raises:
        UserError: The folder cannot be written to.
    """
    named = ", ".join(words[:MOST_WORDS]) + (", …" if len(words) > MOST_WORDS else "")
    lines = [
        "# A model of mouthed words",
        "",
        f"Made by videospace: encoder `{encoder}`, {len(words)} words ({named}).",
        "",
        "```sh",
        "videospace lipread new PROFILE --model THIS_FOLDER",
        "```",
        "",
        "It was trained on films of people's mouths, and is theirs as much as the films are.",
        "",
        "## Training",
        "",
        *(f"- {name}: {value}" for name, value in scores.items()),
        *([] if scores else ["Nothing is noted."]),
        "",
    ]
    with written_whole(path) as unfinished:
        unfinished.write_text("\n".join(lines), encoding="utf-8")
