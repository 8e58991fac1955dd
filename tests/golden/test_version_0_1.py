"""Files of version 0.1 open and give the same results; write_version_0_1.py wrote them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tests.support.drawn_mouths import drawn_clip
from tests.support.toy_spaces import KEYFRAMES, changed_model, toy_config

from videospace.clips.store.clip_store import ClipStore
from videospace.inrv.space.latent_files import load_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.profile.archive import import_profile
from videospace.lipreading.profile.learning import open_recognizer
from videospace.lipreading.profile.model_selection import use_model
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError

FOLDER = Path(__file__).with_name("version_0_1")


@pytest.fixture
def old(tmp_path) -> Path:
    """A copy that may be written to."""
    return Path(shutil.copytree(FOLDER, tmp_path / "old"))


@pytest.fixture(scope="module")
def expected() -> dict[str, torch.Tensor]:
    return load_file(FOLDER / "expected_space.safetensors")


class TestSpace:
    def test_it_renders_as_before(self, expected):
        space = VideoSpace.from_pretrained(FOLDER / "space")
        rendered = torch.from_numpy(space.render(space.latents))
        # Another kind of processor may round a color up that lay on a half.
        torch.testing.assert_close(rendered, expected["training clips"], atol=1, rtol=0)

    def test_its_encoder_guesses_as_before(self, expected):
        space = VideoSpace.from_pretrained(FOLDER / "space")
        guesses = space.encoder(torch.zeros(1, 2, 3, 8, 8), torch.zeros(1, 2))
        torch.testing.assert_close(guesses, expected["encoder"], atol=1e-5, rtol=1e-5)

    def test_its_latent_files_open_with_refined_weights(self, expected):
        space = VideoSpace.from_pretrained(FOLDER / "space")
        found = load_latents(FOLDER / "latents.npz", space)
        assert found.names == ["clip"]
        torch.testing.assert_close(found.latents, expected["latents"])
        frames = space.render_frames(found.latents, weight_offsets=found.weight_offsets)
        rendered = torch.stack([torch.as_tensor(frame) for frame in frames])
        torch.testing.assert_close(rendered, expected["inverted"], atol=1, rtol=0)

    def test_its_training_resumes(self, old):
        config = toy_config(40, model=changed_model(latent=KEYFRAMES), precision="float32")
        store = ClipStore.open(old / "store")
        report = train(store, old / "space", config, TrainingOptions(progress=False))
        assert (report.step, report.finished) == (40, True)

    @pytest.mark.parametrize("name", ["config.json", "model.safetensors", "codes.safetensors"])
    def test_a_damaged_one_is_one_line(self, old, name):
        path = old / "space" / name
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(UserError) as caught:
            VideoSpace.from_pretrained(old / "space")
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)


class TestProfile:
    @pytest.fixture(params=["folder", "archive"])
    def profile(self, old, request) -> Profile:
        if request.param == "folder":
            return Profile(old / "profile")
        return import_profile(old / "profile.zip", old / "imported")

    def answer(self, profile: Profile, word: int, take: int) -> tuple[list[str], list[float]]:
        drawn = drawn_clip(word, take=take)
        clip = MouthClip(frames=drawn.frames // 48 * 48, fps=drawn.fps)
        found = open_recognizer(profile).recognizer.recognize(clip)
        return list(found.words), list(found.probabilities)

    def test_words_clips_and_usage_are_there(self, profile):
        assert profile.settings.person == "Ann"
        assert [word.text for word in profile.words()] == ["water", "bread", "tea"]
        assert len(profile.clips()) == 4
        assert len(profile.usage()) == 1

    def test_its_models_answer_as_before(self, profile):
        expected = json.loads((FOLDER / "expected_profile.json").read_text())
        for model, kind in zip(expected["models"], ("encoder", "recogniser"), strict=True):
            use_model(profile, model)
            words, probabilities = self.answer(profile, 2, 7)
            assert words == expected[kind][0]
            np.testing.assert_allclose(probabilities, expected[kind][1], atol=1e-4)

    def test_a_strategy_by_its_old_name(self, old):
        shutil.rmtree(old / "profile" / "models")
        profile = Profile(old / "profile")
        assert profile.usage()[0].answer.strategy == "dtw-normalized"

    @pytest.mark.parametrize("num_bytes", [0, 100, 20_000])
    def test_a_damaged_one_is_one_line(self, old, num_bytes):
        path = old / "profile" / "profile.sqlite"
        path.write_bytes(path.read_bytes()[:num_bytes])
        with pytest.raises(UserError) as caught:
            open_recognizer(Profile(old / "profile"))
        assert "\n" not in str(caught.value)
