"""``videospace info``."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import tyro

from videospace.cli.arguments import parse
from videospace.cli.pretrained import with_pretrained
from videospace.clips.store.clip_store import ClipStore
from videospace.clips.work_shard import shards_of
from videospace.inrv.model.inr import layer_shapes
from videospace.inrv.space.pretrained import find_space
from videospace.inrv.space.video_space import VideoSpace
from videospace.metrics.complexity import multiply_adds
from videospace.runtime.errors import UserError
from videospace.runtime.text import escaped


@dataclasses.dataclass(frozen=True)
class Info:
    """Print the facts and scores of a space or a store."""

    folder: Annotated[
        Path, tyro.conf.Positional, tyro.conf.arg(metavar="SPACE|STORE|--pretrained NAME")
    ]
    """Folder written by 'videospace train' or 'videospace prepare', or the name of a pretrained
    space."""
    ids: bool = False
    """Print only the clip ids, one on each line."""
    json: bool = False
    """Print JSON."""


def main(arguments: list[str]) -> None:
    """Parse the arguments, open the space or store, and print."""
    command = parse(Info, with_pretrained(arguments), "videospace info")
    folder = find_space(command.folder)
    if (folder / "store.json").exists() or shards_of(folder):
        store = ClipStore.open(folder)
        ids, facts = store.ids, describe_store(store)
    elif (folder / "config.json").exists():
        space = VideoSpace.from_pretrained(folder)
        ids, facts = space.ids, describe_space(space)
    else:
        raise UserError(
            f"expected a space or a store, but '{command.folder}' has neither config.json "
            "nor store.json"
        )
    if command.ids:
        print("\n".join(map(escaped, ids)))
    elif command.json:
        print(json.dumps(facts, indent=2))
    else:
        shown = {escaped(name): escaped(_text(value)) for name, value in facts.items()}
        width = max(map(len, shown))
        for name, text in shown.items():
            print(f"{name:{width}}  {text}")


def describe_store(store: ClipStore) -> dict[str, Any]:
    """The facts of a store."""
    splits = Counter(record.split for record in store.records)
    return {
        "what": "a store of clips",
        "clips": len(store),
        "for training": splits["train"],
        "held out": splits["holdout"],
        "sources": len({record.source for record in store.records}),
        "frames": store.num_frames,
        "height_px": store.height,
        "width_px": store.width,
        "fps": store.fps,
    }


def describe_space(space: VideoSpace) -> dict[str, Any]:
    """The facts of a space."""
    config, clip = space.model.config, space.clip
    shapes = layer_shapes(config.inr, space.model.in_width)
    points = clip.num_frames * clip.height * clip.width
    return {
        "what": space.about or "a space of videos",
        "clips": len(space.ids),
        "frames": clip.num_frames,
        "height_px": clip.height,
        "width_px": clip.width,
        "fps": clip.fps,
        "latent_width": config.latent.width,
        "keyframes": config.latent.num_keyframes,
        "hypernetwork": config.hypernetwork.kind,
        "encoder": "none" if space.encoder is None else "trained",
        "flow": "none" if space.flow is None else "trained",
        "weights": sum(value.numel() for value in space.model.state_dict().values()),
        "weights_of_a_clip": sum(out * (in_ + 1) for out, in_ in shapes),
        "gigamacs_of_a_clip": round(multiply_adds(shapes, points) / 1e9, 3),
        "fingerprint": space.fingerprint(),
        **space.scores,
    }


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
