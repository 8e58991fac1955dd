"""The card of a space: a README that says what it is and what it scores."""

from pathlib import Path
from typing import Any

from videospace.runtime.files import written_whole


def write_card(path: Path, config: dict[str, Any], num_clips: int) -> None:
    """Write the card beside the weights."""
    clip, model = config["clip"], config["model"]
    scores = [f"| {name} | {_text(value)} |" for name, value in config["scores"].items()]
    num_moments, width = model["latent"]["num_moments"], model["latent"]["width"]
    lines = [
        "# A space of videos",
        "",
        f"Made by videospace from {num_clips} clips of {clip['num_frames']} frames, "
        f"{clip['height']}×{clip['width']} px, {clip['fps']:g} frames per second.",
        "",
        *([config["about"], ""] if config["about"] else []),
        f"- latent: {width} numbers" + (num_moments > 1) * f" at each of {num_moments} moments",
        f"- hypernetwork: {model['hypernetwork']['kind']}",
        f"- INR: {model['inr']['num_hidden_layers']} hidden layers of "
        f"{model['inr']['hidden_width']} units, {model['inr']['activation']}",
        "",
        "```python",
        "from videospace import VideoSpace",
        "",
        'space = VideoSpace.from_pretrained("this folder")',
        "videos = space.render(space.sample(4))",
        "```",
        "",
        "## Scores",
        "",
        *(["| what | value |", "|---|---|", *scores] if scores else ["Not measured."]),
        "",
    ]
    with written_whole(path) as unfinished:
        unfinished.write_text("\n".join(lines), encoding="utf-8")


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
