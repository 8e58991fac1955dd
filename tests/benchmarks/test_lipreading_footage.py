"""The ablation of unlabeled footage, in miniature."""

import dataclasses

import numpy as np
import pytest
from benchmarks.lipreading_footage import counts, divided, film
from benchmarks.support.lipreading_protocols import tasks
from PIL import Image

from benchmarks import lipreading_footage
from videospace.lipreading.adaptation.learning import adapt
from videospace.lipreading.data.corpora import LabeledClip
from videospace.lipreading.data.footage import segments
from videospace.lipreading.mouth.mouth_clip import MouthClip
from videospace.runtime.errors import UserError

WORDS = ("words/01", "words/02", "phrases/01")
SHORT = (
    *("--seeds", "0", "--device", "cpu", "--epochs", "6", "--footage-takes", "2"),
    *("--pretrain.steps", "2", "--pretrain.calibration-speakers", "0"),
)


def mouth(word: int, take: int, num_frames: int = 12) -> np.ndarray:
    """A dark mouth that opens and closes, quicker in later words."""
    frames = np.random.default_rng(take).normal(140, 4, (num_frames, 88, 88))
    for number, frame in enumerate(frames):
        height = 6 + round(14 * abs(np.sin((word + 1) * number / 4)))
        frame[44 - height : 44 + height, 22:66] = 30
    return frames.clip(0, 255).astype(np.uint8)


@pytest.fixture
def task():
    clips = [
        LabeledClip(
            word=word,
            speaker=speaker,
            take=str(take),
            domain="real",
            clip=MouthClip(frames=mouth(number, take), fps=15.0),
        )
        for speaker in ("A", "B")
        for number, word in enumerate(WORDS)
        for take in range(5)
    ]
    return next(iter(tasks("miracl-1", clips, None, ["A"])))


@pytest.fixture
def corpus(tmp_path):
    for speaker in ("A", "B", "C"):
        for number, word in enumerate(WORDS):
            for take in range(5):
                folder = tmp_path / "corpus" / speaker / word / str(take)
                folder.mkdir(parents=True)
                for place, frame in enumerate(mouth(number, take)):
                    Image.fromarray(frame).save(folder / f"{place:02d}.png")
    return tmp_path / "corpus"


def test_footage_and_tests_are_different_takes(task):
    footage, tests = divided(task, 2)
    assert [(clip.take, clip.word) for clip in footage] == [
        (take, word) for take in ("2", "3") for word in WORDS
    ]
    assert {clip.take for clip in tests} == {"4"}
    assert {shot.take for shot in task.shots} == {"0"}
    with pytest.raises(UserError, match="no take is left to ask A about: lower --footage-takes"):
        divided(task, 3)


def test_a_film_of_takes_is_cut_into_them_again(task):
    footage, _ = divided(task, 2)
    whole = film(footage, rest_seconds=0.8)
    assert len(whole.frames) == sum(len(take.clip.frames) + 12 for take in footage)
    assert len(segments(whole)) == len(footage)


def test_pieces_count_as_right_by_their_place(task):
    footage, _ = divided(task, 2)
    pieces = [take.clip for take in footage]
    assert counts(footage, pieces, footage[:3]) == {
        "num_takes": 6,
        "num_pieces": 6,
        "num_named": 3,
        "num_right": 3,
    }
    wrong = dataclasses.replace(footage[0], word=WORDS[1])
    assert counts(footage, pieces, [wrong, footage[1]])["num_right"] == 1
    assert counts(footage, pieces[1:], footage[:3])["num_right"] is None


def test_every_way_of_using_footage(corpus, run_main, monkeypatch):
    learned_from = []

    def watched(method, shots, model, settings, *, pseudo_labeled, footage, units):
        shared = (len(shots), len(pseudo_labeled), len(footage), settings.epochs)
        learned_from.append((*shared, {clip.domain for clip in pseudo_labeled}))
        return adapt(method, shots, model, settings, pseudo_labeled=pseudo_labeled)

    monkeypatch.setattr(lipreading_footage, "adapt", watched)
    found = run_main(lipreading_footage.main, "--corpus", str(corpus), "--speakers", "A", *SHORT)
    names = [f"cl-r, {extra}" for extra in ("told apart", "pseudo-labels", "true labels")]
    assert set(found["methods"]) == {"cl-r, without", *names}
    assert {each["num_answers"] for each in found["methods"].values()} == {3}
    assert set(found["differences"]) == {f"{name} minus without" for name in names}
    (footage,) = found["footage"]
    assert (footage["speaker"], footage["num_takes"], footage["num_pieces"]) == ("A", 6, 6)
    without, told_apart, pseudo, true = learned_from
    assert without == (3, 0, 0, 6, set())
    assert told_apart == (3, 0, 6, 6, set())
    assert pseudo[1] == footage["num_named"]
    assert true == (3, 6, 0, 2, {"synthetic"})  # three times the clips, a third of the passes


def test_a_way_that_does_not_train_is_refused(corpus, run_main, capsys):
    with pytest.raises(SystemExit) as ended:
        run_main(lipreading_footage.main, "--corpus", str(corpus), "--methods", "fusion", *SHORT)
    assert ended.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "expected ways to learn that train, got fusion" in said
