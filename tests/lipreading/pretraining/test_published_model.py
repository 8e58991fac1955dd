"""A base model from published weights, from Python and by the command."""

import numpy as np
import pytest
import torch
from tests.support.drawn_mouths import drawn_clip, drawn_corpus
from tests.support.published_networks import Weights, ltcn, ones_like_those_of

from videospace.cli.lipread import main
from videospace.lipreading.adaptation.learning import learn
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.model.encoders.ltcn import LtcnEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.pretraining.published import model_from_published
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Weights under the authors' names."""
    weights = Weights()
    ltcn(weights, torch.zeros(1, 1, 88, 88))
    path = tmp_path_factory.mktemp("published") / "ltcn.pth.tar"
    torch.save({"model_state_dict": weights.tensors}, path)
    return path


def test_the_saved_model_recognizes_and_is_calibrated(file, tmp_path):
    others = drawn_corpus(speakers=1, words=2, takes=2)
    model = model_from_published(file, tmp_path / "model", clips=others)
    opened = MouthModel.from_pretrained(tmp_path / "model")
    assert isinstance(opened.encoder, LtcnEncoder)
    assert (opened.words, opened.calibration) == ([], model.calibration)
    assert "dtw-embeddings" in opened.calibration
    shots = [shot(drawn_clip(number, num_frames=6), f"word {number}") for number in range(3)]
    clips = [each.clip for each in shots]
    answers = learn("prototypes", shots, opened).probabilities(clips)
    np.testing.assert_array_equal(answers, learn("prototypes", shots, model).probabilities(clips))
    assert answers.argmax(1).tolist() == [0, 1, 2]


def shot(clip, word: str) -> LabeledClip:
    return LabeledClip(word=word, speaker="me", take="0", domain="real", clip=clip)


def test_the_command_writes_a_model_for_a_profile(file, tmp_path, capsys):
    model, profile = str(tmp_path / "model"), str(tmp_path / "ann")
    main(["pretrain", "--from-published", str(file), "--out", model])
    assert f"wrote {model}" in capsys.readouterr().out
    main(["new", profile, "--model", model])
    assert [record.kind for record in models(Profile(tmp_path / "ann"))] == ["encoder"]
    with pytest.raises(UserError, match="holds a model already"):
        main(["pretrain", "--from-published", str(file), "--out", model])


def test_a_file_of_another_network_leaves_no_model(tmp_path):
    path = tmp_path / "other.pt"
    torch.save(ones_like_those_of(lambda weights, _: weights("features.0.weight", 1)), path)
    with pytest.raises(UserError, match="LTCN"):
        model_from_published(path, tmp_path / "model")
    assert not (tmp_path / "model").exists()
