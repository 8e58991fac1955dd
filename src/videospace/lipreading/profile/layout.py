"""What lies where in the folder of a profile."""

from pathlib import Path

INDEX_FILE = "profile.sqlite"
CLIPS = "clips"
"""Folder of the clips, ``ID.npz``."""
MODELS = "models"
"""Folder of the models, a folder each."""
UNFINISHED = ".unfinished-"
"""Begins the name of what is being made: a model that is being learned, a profile."""
DELETED = ".deleted-"
"""Begins the name of a profile that is being deleted."""
TRAINING_LOCK = ".training"
"""Held by the process that learns."""


def clip_path(folder: Path, identity: str) -> Path:
    """The file of a clip."""
    return folder / CLIPS / f"{identity}.npz"


def model_path(folder: Path, identity: str) -> Path:
    """The folder of a model."""
    return folder / MODELS / identity
