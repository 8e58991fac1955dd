"""Evaluation protocols of lipreading: no speaker is both trained on and tested."""

import numpy as np
import pytest
from benchmarks.support.lipreading_protocols import MIRACL_TEXTS, tasks, without_speakers

from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

CLASSES = ("words/01", "words/02", "phrases/01", "phrases/02")


def corpus(*speakers: str, takes: int = 4, classes=CLASSES, seed: int = 0) -> list[LabeledClip]:
    """Noise by speaker, class and take, in the order of a corpus."""
    generator = np.random.default_rng(seed)
    return [
        LabeledClip(
            word=word,
            speaker=speaker,
            take=f"{take:02d}",
            domain="real",
            clip=MouthClip(
                frames=generator.integers(0, 256, (3, 88, 88), dtype=np.uint8), fps=15.0
            ),
        )
        for speaker in speakers
        for word in classes
        for take in range(1, takes + 1)
    ]


@pytest.mark.parametrize(("protocol", "shots"), [("miracl-1", ["01"]), ("miracl-2", ["01", "02"])])
def test_takes_of_miracl(protocol, shots):
    found = list(tasks(protocol, corpus("F01", "F02", "M01"), None, ()))
    assert [task.speaker for task in found] == ["F01", "F02", "M01"]
    for task in found:
        assert [clip.take for clip in task.shots] == shots * 4
        assert [clip.take for clip in task.tests] == ["03", "04"] * 4
        assert {clip.speaker for clip in (*task.shots, *task.tests)} == {task.speaker}
        assert {clip.speaker for clip in task.pretraining} == {"F01", "F02", "M01"} - {task.speaker}
        assert {clip.domain for clip in task.others} == {"synthetic"}
        assert len(task.others) == 2 * 16


def test_words_that_pretraining_has_never_seen():
    found = list(tasks("miracl-unseen-1", corpus("F01", "F02"), None, ("F01",)))
    assert [(task.speaker, task.part) for task in found] == [("F01", "words"), ("F01", "phrases")]
    for task in found:
        asked = {clip.word.split("/")[0] for clip in (*task.shots, *task.tests)}
        taught = {clip.word.split("/")[0] for clip in task.pretraining}
        assert asked == {task.part}
        assert taught == {"words", "phrases"} - {task.part}
        assert task.others == []
    with pytest.raises(UserError, match="words"):
        list(tasks("miracl-unseen-1", corpus("F01", "F02", classes=("yes",)), None, ()))


def test_grid_asks_about_all_takes_but_the_first():
    (task,) = tasks("grid-pairs-1", corpus("s1", classes=("a one",)), corpus("F01", seed=5), ())
    assert [clip.take for clip in task.shots] == ["01"]
    assert [clip.take for clip in task.tests] == ["02", "03", "04"]
    assert {clip.speaker for clip in task.pretraining} == {"F01"}


def test_a_separate_corpus_loses_everybody_who_is_asked_about():
    asked = corpus("F01", "F02", "F03")
    renamed = [
        LabeledClip(word=c.word, speaker="stranger", take=c.take, domain="real", clip=c.clip)
        for c in asked
        if c.speaker == "F02"
    ]
    pool = [*corpus("f01", "F03", "M01", seed=5), *renamed]
    for task in tasks("miracl-1", asked, pool, ("F01", "F02")):
        assert {clip.speaker for clip in task.pretraining} == {"F03", "M01"}
    assert without_speakers(pool, asked) == [clip for clip in pool if clip.speaker == "M01"]


def test_who_is_not_there():
    with pytest.raises(UserError, match="no speaker"):
        list(tasks("miracl-1", corpus("F01", "F02"), None, ("X",)))
    with pytest.raises(UserError, match="pretrain"):
        list(tasks("miracl-1", corpus("F01"), None, ()))


def test_texts_of_all_classes():
    assert len(MIRACL_TEXTS) == len(set(MIRACL_TEXTS.values())) == 20
