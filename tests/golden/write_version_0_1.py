"""Writes version_0_1/: a space, its latents, a profile and an archive as version 0.1 left them.

    git worktree add OLD 9895dc2
    PYTHONPATH=OLD/src python tests/golden/write_version_0_1.py OLD

It runs with the package of that commit, and is kept to show where the files come from.
"""

import json
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).with_name("version_0_1")
WORDS = ("water", "bread", "tea")


def write_space(old: Path, folder: Path) -> None:
    """A space with keyframes and an encoder, stopped in the middle of its training."""
    sys.path.insert(0, str(old / "tests/inrv"))
    from toys import MOMENTS, changed_model, toy_config, write_toy_store
    from videospace.inrv.context import Context
    from videospace.inrv.encoder import EncoderConfig
    from videospace.inrv.encoder_training import EncoderTrainingConfig, train_encoder
    from videospace.inrv.latent_file import LatentFile, save_latents
    from videospace.inrv.training_state import TrainingState

    from videospace.inrv.inversion import InversionConfig, invert
    from videospace.inrv.space import VideoSpace
    from videospace.inrv.training import TrainingOptions, train

    store = write_toy_store(folder / "store")
    config = toy_config(40, model=changed_model(latent=MOMENTS), precision="float32")

    def interrupt(state: TrainingState) -> None:
        if state.progress.step == 30:
            signal.raise_signal(signal.SIGINT)

    train(store, folder / "space", config, TrainingOptions(progress=False), interrupt)
    space = VideoSpace.from_pretrained(folder / "space")
    tiny = EncoderConfig(side=8, num_channels=8, hidden_width=8)
    training = EncoderTrainingConfig(encoder=tiny, budget_seconds=1.0)
    train_encoder(space, store, training, progress=False)
    space.save_pretrained(folder / "space")
    video = store[store.ids[0]]
    context = Context(video=video, observed=np.ones(video.shape[:3], bool))
    search = InversionConfig(max_steps=4, refine="weights", refine_steps=3)
    found = invert(space, [context], search, progress=False)
    content = LatentFile(latents=found.latents, names=["clip"], changes=found.changes)
    save_latents(folder / "latents.npz", content, space)
    frames = space.render_frames(found.latents, changes=found.changes)
    renders = {
        "training clips": torch.from_numpy(space.render(space.latents)),
        "encoder": space.encoder(torch.zeros(1, 2, 3, 8, 8), torch.zeros(1, 2)),
        "latents": found.latents,
        "inverted": torch.stack([torch.as_tensor(frame) for frame in frames]),
    }
    save_file(
        {name: value.contiguous() for name, value in renders.items()},
        folder / "expected_space.safetensors",
    )


def write_profile(old: Path, folder: Path) -> None:
    """A profile with words, recordings, choices, and models of either kind; and its archive."""
    sys.path.insert(0, str(old / "tests/lipreading"))
    from drawn_mouths import drawn_clip
    from videospace.lipreading.encoders.compact import CompactConfig, CompactEncoder
    from videospace.lipreading.mouth_clip import MouthClip
    from videospace.lipreading.mouth_model import MouthModel
    from videospace.lipreading.profile.answering import use_model
    from videospace.lipreading.profile.settings import ProfileSettings

    from videospace.lipreading.profile.archive import export_profile
    from videospace.lipreading.profile.learning import adopt_model, open_recogniser
    from videospace.lipreading.profile.models import keep_model, model_in_progress
    from videospace.lipreading.profile.profile import Profile

    def clip(word: int, take: int = 0) -> MouthClip:
        """Few gray levels, so that the file is small."""
        drawn = drawn_clip(word, take=take)
        return MouthClip(frames=drawn.frames // 48 * 48, fps=drawn.fps)

    torch.manual_seed(0)
    settings = ProfileSettings(person="Ann", finder="middle", strategy="dtw-normalised")
    profile = Profile.create(folder / "profile", settings)
    for number, word in enumerate(WORDS):
        profile.add_word(word)
        profile.add_clip(word, clip(number), source="test")
    asked = clip(1, 5)
    opened = open_recogniser(profile)
    found = opened.recogniser.recognise(asked)
    profile.add_clip("bread", asked, source="studio", answer=opened.record_of(found))
    expected = {"dtw-normalised": [found.words, found.probabilities]}

    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    base = adopt_model(profile, MouthModel(encoder, ["a", "b"], units=["open", "shut"]))
    with model_in_progress(profile) as unfinished:
        MouthModel(encoder, list(WORDS), units=["open", "shut"]).save_pretrained(unfinished)
        clips = [clip.id for clip in profile.clips()][: len(WORDS)]
        own = keep_model(
            profile, unfinished, kind="recogniser", strategy="fusion+adapted", clips=clips
        )
    for record, name in ((base, "encoder"), (own, "recogniser")):
        use_model(profile, record.id)
        found = open_recogniser(profile).recogniser.recognise(clip(2, 7))
        expected[name] = [found.words, found.probabilities]
    expected["models"] = [base.id, own.id]
    (folder / "expected_profile.json").write_text(json.dumps(expected, indent=2) + "\n")
    export_profile(profile, folder / "profile.zip")


if __name__ == "__main__":
    FOLDER.mkdir()
    write_space(Path(sys.argv[1]), FOLDER)
    write_profile(Path(sys.argv[1]), FOLDER)
    print(f"wrote {FOLDER}")
