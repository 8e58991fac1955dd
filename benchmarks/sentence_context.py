"""Does it help to know the sentence so far? A simulated month of a person who talks by lips.

The person has habits: sentences of fifteen kinds, filled with words that they like more or less. A
recognizer is simulated that confuses words by how alike they look on the lips. The first days teach
the sentence model as in the studio, day by day; the last ten days are held out. Each word is ranked
by the lips alone, and by the lips and the sentence. In a second month the same words come in random
order, where the sentence must not harm.

    python -m benchmarks.sentence_context
"""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from benchmarks.support.common import BenchmarkOptions, run_benchmark, say
from videospace.lipreading.phonetics.homophenes import shape_difference
from videospace.lipreading.phonetics.visemes import visemes
from videospace.lipreading.recognition.recognizer import Recognition
from videospace.lipreading.recognition.sentence_model import WEIGHT, SentenceModel, rerank
from videospace.metrics.proportion import proportion_interval

SLOTS = {
    "person": ["mom", "dad", "Anna", "nurse", "doctor", "Peter"],
    "drink": ["water", "tea", "coffee", "juice", "milk"],
    "food": ["soup", "bread", "apple", "cheese", "rice", "cake"],
    "place": ["garden", "bed", "bathroom", "kitchen", "window"],
    "thing": ["phone", "book", "glasses", "blanket", "pillow", "music", "light", "radio"],
    "body": ["head", "back", "leg", "arm", "throat"],
    "time": ["now", "later", "today", "tomorrow", "tonight"],
    "polite": ["please", "thanks", "sorry"],
}
KINDS = (
    "I want drink please", "I want food please", "I want drink", "bring thing please",
    "my body hurts", "my body hurts time", "go place time", "where is person", "call person time",
    "person come time", "turn light on", "turn radio off", "I am cold", "I am tired time",
    "thanks person",
)  # fmt: skip
NUM_DAYS, NUM_HELD_OUT, SENTENCES_EACH_DAY = 30, 10, 25
SEPARATION = 8.0
"""How well different mouth shapes are told apart."""
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclasses.dataclass(frozen=True, kw_only=True)
class SentenceContextOptions(BenchmarkOptions):
    """What to simulate."""

    num_seeds: int = 5
    """People, each with a month of their own."""
    noise: float = 2.0
    """The larger, the worse the lips are read."""


def sentences(chance: np.random.Generator) -> Iterator[list[str]]:
    """The sentences of one person, without end."""
    kinds = chance.dirichlet(np.full(len(KINDS), 1.0))
    likes = {slot: chance.dirichlet(np.full(len(words), 0.7)) for slot, words in SLOTS.items()}
    while True:
        kind = KINDS[chance.choice(len(KINDS), p=kinds)]
        yield [
            str(chance.choice(SLOTS[part], p=likes[part])) if part in SLOTS else part
            for part in kind.split()
        ]


def vocabulary() -> list[str]:
    """All words that may be said."""
    fixed = {word for kind in KINDS for word in kind.split()} - SLOTS.keys()
    return sorted(fixed | {word for words in SLOTS.values() for word in words})


def likeness(words: list[str]) -> Float[np.ndarray, "word word"]:
    """Logits of taking one word for another, by their mouth shapes."""
    shapes = [visemes(word) for word in words]
    return -np.array([[SEPARATION * shape_difference(a, b) for b in shapes] for a in shapes])


def lips(
    said: int, alike: Float[np.ndarray, "word word"], noise: float, chance: np.random.Generator
) -> Float[np.ndarray, " word"]:
    """The probabilities that a recognizer gives to all words."""
    logits = alike[said] + noise * chance.normal(size=len(alike))
    exponents = np.exp(logits - logits.max())
    return exponents / exponents.sum()


def month(
    seed: int, noise: float, *, is_shuffled: bool
) -> tuple[dict[float, list[int]], list[bool]]:
    """Ask about every word of the held-out days.

    Returns:
        Ranks of the right words by the weight of the sentence, and whether each word was among
        four suggestions.
    """
    chance = np.random.default_rng(seed)
    words = vocabulary()
    index = {word: number for number, word in enumerate(words)}
    alike, talk, model = likeness(words), sentences(chance), SentenceModel()
    ranks: dict[float, list[int]] = {weight: [] for weight in WEIGHTS}
    hits: list[bool] = []
    for day in range(NUM_DAYS):
        for _ in range(SENTENCES_EACH_DAY):
            sentence = next(talk)
            if is_shuffled:
                sentence = [str(word) for word in chance.choice(words, len(sentence))]
            for position, word in enumerate(sentence):
                before = sentence[:position]
                heard = lips(index[word], alike, noise, chance)
                if day < NUM_DAYS - NUM_HELD_OUT:
                    continue
                order = np.argsort(-heard)
                found = Recognition(
                    words=[words[number] for number in order],
                    probabilities=heard[order].tolist(),
                    confident=False,
                )
                likely = model.probabilities(before, found.words)
                for weight in WEIGHTS:
                    ranked = rerank(found, likely, weight=weight).words
                    ranks[weight].append(ranked.index(word) + 1)
                hits.append(word in model.likeliest(before, 4))
            model.learn(sentence)
    return ranks, hits


def measure(options: SentenceContextOptions, _: Path) -> dict[str, Any]:
    """Simulate the months."""
    result: dict[str, Any] = {"weight_in_use": WEIGHT}
    for name, is_shuffled in (("habits", False), ("random_order", True)):
        months = [
            month(seed, options.noise, is_shuffled=is_shuffled) for seed in range(options.num_seeds)
        ]
        rows: dict[str, dict[str, Any]] = {}
        for weight in WEIGHTS:
            ranks = [rank for ranks, _ in months for rank in ranks[weight]]
            found = {
                name: proportion_interval(rank <= limit for rank in ranks)
                for name, limit in (("top1", 1), ("top5", 5))
            }
            shown = {name: each for name, each in found.items() if each is not None}
            rows[str(weight)] = {k: dataclasses.asdict(v) for k, v in shown.items()}
            rows[str(weight)]["num_answers"] = len(ranks)
            texts = ", ".join(f"{key} {each.text()}" for key, each in shown.items())
            say(f"{name}, weight {weight}: {texts}")
        suggested = [hit for _, hits in months for hit in hits]
        result[name] = {"weights": rows, "suggested_in_four": float(np.mean(suggested))}
        say(f"{name}: {100 * np.mean(suggested):.1f} % of the words are among four suggestions")
    return result


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the benchmark."""
    return run_benchmark("sentence_context", __doc__, SentenceContextOptions, measure, arguments)


if __name__ == "__main__":
    main()
