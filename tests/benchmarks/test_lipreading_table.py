"""The table of lipreading, in miniature."""

import dataclasses

import numpy as np
import pytest
from benchmarks.lipreading_table import differences
from PIL import Image

from benchmarks import lipreading_table
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.evaluation.evaluation import Answer
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.lipreading.pretraining.pretrain import pretrain


@pytest.fixture
def corpus(tmp_path):
    """Three speakers, two words and two phrases, four takes of ten frames."""
    generator = np.random.default_rng(0)
    for speaker in ("A", "B", "C"):
        for number, word in enumerate(("words/01", "words/02", "phrases/01", "phrases/02")):
            for take in range(1, 5):
                folder = tmp_path / "corpus" / speaker / word / f"{take:02d}"
                folder.mkdir(parents=True)
                for frame in range(10):
                    image = generator.normal(140, 4, (50, 80)).clip(0, 255).astype(np.uint8)
                    height = 4 + round(8 * abs(np.sin((number + 1) * frame / 3)))
                    image[25 - height : 25 + height, 20:60] = 30
                    Image.fromarray(image).save(folder / f"{frame:02d}.png")
    return tmp_path / "corpus"


def test_every_method_and_speaker(corpus, run_main):
    found = run_main(
        lipreading_table.main,
        *("--protocol", "miracl-1", "--corpus", str(corpus), "--speakers", "A", "C"),
        *("--methods", "dtw", "prototypes", "--seeds", "0", "1", "--device", "cpu"),
        *("--pretrain.steps", "2", "--pretrain.calibration-speakers", "0"),
    )
    floor, ours = found["methods"]["dtw"], found["methods"]["prototypes"]
    assert floor["num_answers"] == 2 * 4 * 2
    assert ours["num_answers"] == 2 * 4 * 2 * 2
    assert set(floor["speakers"]) == {"A", "C"}
    assert floor["top1"] == 100.0
    low, high = ours["top1_interval"]
    assert 0 <= low <= ours["top1"] <= high <= 100
    assert ours["top5"] == 100.0
    assert [made["speaker"] for made in found["pretraining"]] == ["A", "A", "C", "C"]
    assert all(made["seconds"] > 0 for made in found["pretraining"])
    again = run_main(
        lipreading_table.main,
        *("--protocol", "miracl-1", "--corpus", str(corpus), "--speakers", "A"),
        *("--methods", "prototypes", "--seeds", "0", "--device", "cpu"),
        *("--pretrain.steps", "2", "--pretrain.calibration-speakers", "0"),
    )
    assert [made["seconds"] for made in again["pretraining"]] == [None]  # used again
    assert again["methods"]["prototypes"]["num_answers"] == 4 * 2


def test_a_pretraining_that_was_ended_early_is_not_taken_for_a_whole_one(
    corpus, run_main, monkeypatch
):
    arguments = (
        *("--protocol", "miracl-1", "--corpus", str(corpus), "--speakers", "A"),
        *("--methods", "prototypes", "--seeds", "0", "--device", "cpu"),
        *("--pretrain.steps", "3", "--pretrain.calibration-speakers", "0"),
    )

    def ended_early(clips, folder, config, options, *, units):
        fewer = dataclasses.replace(config, steps=1)
        return pretrain(clips, None, fewer, options, units=units)

    with monkeypatch.context() as until_ended:
        until_ended.setattr(lipreading_table, "pretrain", ended_early)
        with pytest.raises(SystemExit) as ended:
            run_main(lipreading_table.main, *arguments)
    assert ended.value.code == 130
    found = run_main(lipreading_table.main, *arguments)
    assert found["pretraining"][0]["seconds"] > 0


def test_one_model_serves_all_speakers_of_a_separate_corpus(corpus, tmp_path, run_main):
    asked = tmp_path / "asked"
    asked.mkdir()
    (corpus / "C").rename(asked / "C")
    found = run_main(
        lipreading_table.main,
        *("--protocol", "miracl-2", "--corpus", str(asked), "--pretrain-corpus", str(corpus)),
        *("--methods", "prototypes", "--seeds", "0", "--device", "cpu"),
        *("--pretrain.steps", "1", "--pretrain.calibration-speakers", "0"),
        *("--pretrain.unit-weight", "0.5"),
    )
    assert list(found["methods"]["prototypes"]["speakers"]) == ["C"]
    assert found["options"]["pretrain"]["unit_weight"] == 0.5


def answer(word: str, said: str, seed: int = 0) -> Answer:
    clip = LabeledClip(
        word=word,
        speaker="A",
        take="03",
        domain="real",
        clip=MouthClip(frames=np.zeros((1, 88, 88), np.uint8), fps=15.0),
    )
    return Answer(
        asked=clip, words=[said], probabilities=[1.0], confident=True, seconds=0.1, seed=seed
    )


def test_differences_are_paired():
    words = "abcdefgh"
    answers = {
        "cl-r+s": [answer(word, "a") for word in words],
        "ve-r+s": [answer(word, word) for word in words],
        "ve-r+s-mod": [answer(word, "a") for word in words],
        "ve-r": [answer("a", "a")],
    }
    found = differences(answers)
    assert list(found) == ["ve-r+s minus cl-r+s", "ve-r+s-mod minus cl-r+s"]
    ahead = found["ve-r+s minus cl-r+s"]
    assert ahead["top1"] == 87.5
    assert ahead["top1_interval"][0] > 50
    assert found["ve-r+s-mod minus cl-r+s"]["top1_interval"] == [0.0, 0.0]
