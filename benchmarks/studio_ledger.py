"""What a studio has acknowledged, and how that compares with what lies on the disk."""

from pathlib import Path

from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.clip_files import clip_id
from videospace.lipreading.profile.layout import CLIPS, DELETED, MODELS, UNFINISHED, model_path
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile

Content = dict[str, set[str]]
"""The words of a person, and the ids of the recordings of each."""
People = dict[str, Content]
"""By their ids."""
UNKNOWN = "?"
"""An id that only an answer would have told, which never came."""


def same(expected: People, found: People) -> bool:
    """Whether two states are the same; an unknown id stands for any other.

    Example:
        >>> same({"ann": {"tea": {"1", "?"}}}, {"ann": {"tea": {"1", "2"}}})
        True
        >>> same({"ann": {"tea": {"1"}}}, {"ann": {"tea": set()}})
        False
    """
    if UNKNOWN in expected:  # a person whose id nobody was told
        new = found.keys() - expected.keys()
        known = {name: content for name, content in expected.items() if name != UNKNOWN}
        return any(same({**known, name: expected[UNKNOWN]}, found) for name in new)
    return expected.keys() == found.keys() and all(
        _same_content(content, found[name]) for name, content in expected.items()
    )


def _same_content(expected: Content, found: Content) -> bool:
    return expected.keys() == found.keys() and all(
        clips == found[word]
        or (UNKNOWN in clips and clips - {UNKNOWN} < found[word] and len(clips) == len(found[word]))
        for word, clips in expected.items()
    )


def look(data: Path) -> tuple[People, list[str]]:
    """What lies in the folder of a studio that runs, and what is wrong with it.

    Returns:
        The content of each person, and a sentence for every recording or model that is not whole
        and every file that nobody knows.
    """
    found: People = {}
    wrong: list[str] = []
    for folder in sorted(path for path in data.iterdir() if not path.name.startswith(".")):
        files = [path for kind in (CLIPS, MODELS) for path in (folder / kind).iterdir()]
        profile = Profile(folder)  # which would clear some of them away
        found[folder.name] = {word.text: set() for word in profile.words()}
        for record in profile.clips():
            found[folder.name][record.word].add(record.id)
            if clip_id(profile.load_clip(record.id)) != record.id:
                wrong.append(f"{folder.name}: recording {record.id} is not what was kept")
        for model in models(profile):
            MouthModel.from_pretrained(model_path(folder, model.id))
        known = {f"{record.id}.npz" for record in profile.clips()}
        known |= {model.id for model in models(profile)}
        wrong += [f"{path} belongs to nothing" for path in files if path.name not in known]
    hidden = [path.name for path in data.glob(f"{DELETED}*")]
    hidden += [path.name for path in data.glob(f"{UNFINISHED}*")][1:]  # one is the running studio's
    return found, wrong + [f"{name} was left behind" for name in hidden]
