import pytest
import torch
from tests.support.drawn_mouths import drawn_clip

from videospace.lipreading.model.embedding import EmbeddingConfig, segment_means
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.runtime.errors import UserError


def test_segments_average_to_the_mean():
    frames = torch.rand(1, 7, 3)
    thirds = segment_means(frames, torch.tensor([7]), 3).view(3, 3)
    torch.testing.assert_close(thirds.mean(0), frames[0].mean(0))


def test_a_model_survives_the_disk(tiny_model, tmp_path):
    clip = drawn_clip(0)
    tiny_model.calibration = {"prototypes": {"prototypes": 2.0}}
    tiny_model.save_pretrained(tmp_path)
    opened = MouthModel.from_pretrained(tmp_path)
    assert torch.equal(opened.embed([clip]).clips, tiny_model.embed([clip]).clips)
    assert (opened.words, opened.units) == (tiny_model.words, tiny_model.units)
    assert opened.calibration == tiny_model.calibration
    card = (tmp_path / "README.md").read_text()
    assert "encoder `compact`, 2 words (word 0, word 1)" in card


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"format_version": 1', '"format_version": 2', "format version 2"),
        ('"MouthModel"', '"Other"', "configuration"),
        ('"scores"', '"score"', "score"),
        ('"compact"', '"huge"', "encoders"),
        ('"width": null', '"width": 4', "head.bias"),
    ],
)
def test_a_damaged_model_is_refused(tiny_model, tmp_path, old, new, message):
    tiny_model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UserError, match=message):
        MouthModel.from_pretrained(tmp_path)


def test_no_model_in_the_folder(tmp_path):
    with pytest.raises(UserError, match=r"config\.json"):
        MouthModel.from_pretrained(tmp_path)


def test_the_batch_does_not_change_a_clip(tiny_model):
    short, long = drawn_clip(0, num_frames=6), drawn_clip(1, num_frames=30)
    alone, together = tiny_model.embed([short]), tiny_model.embed([short, long])
    torch.testing.assert_close(alone.clips[0], together.clips[0])
    torch.testing.assert_close(alone.frames[0], together.frames[0])


def test_calibration_of_version_0_1_counts(tiny_model, tmp_path):
    tiny_model.calibration = {
        "dtw-normalized+prototypes": {"dtw-normalized": 2.0, "prototypes": 1.0}
    }
    tiny_model.save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace("dtw-normalized", "dtw-normalised"))
    assert MouthModel.from_pretrained(tmp_path).calibration == tiny_model.calibration


@pytest.mark.parametrize("change", [{"segments": 0}, {"width": 0}, {"temperature": 0.0}])
def test_bad_embeddings(change):
    with pytest.raises(UserError, match="expected"):
        EmbeddingConfig(**change)


def test_a_copy_for_other_words_keeps_what_it_knows(tiny_model):
    copy = tiny_model.with_words(["new", "word 1"], ["round", "open"])
    assert torch.equal(copy.word_weights[1], tiny_model.word_weights[1])
    head, old = copy.unit_head, tiny_model.unit_head
    assert torch.equal(head.weight[[0, 2]], old.weight[[0, 1]])  # none and open
    assert torch.equal(head.bias[[0, 2]], old.bias[[0, 1]])
    assert not any(torch.equal(head.weight[1], row) for row in old.weight)
