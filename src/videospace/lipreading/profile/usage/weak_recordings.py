"""Find recordings that attract wrong answers, from the answers that the person got in use."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

from scipy import stats

from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import UsageRecord
from videospace.lipreading.recognition.template_features import normalized_cosine_features
from videospace.lipreading.recognition.templates import TemplateScorer
from videospace.runtime.errors import UserError

FEWEST_WRONG = 3
"""Wrong answers that a word must have attracted."""
SIGNIFICANCE = 0.01
"""Largest probability that chance alone sends so many of the wrong answers to one of the words."""
MAX_COMPARED = 12
"""Wrongly answered recordings that are compared with the recordings of a word, the newest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class WeakRecording:
    """A recording that attracts wrong answers: it should be made again."""

    word: str
    clip: str
    """Id of the recording."""
    num_attracted: int
    """Wrong answers that named this word."""
    num_wrong: int
    """All wrong answers that it could have attracted."""


def attracting_words(usage: Sequence[UsageRecord], num_words: int) -> list[tuple[str, int, int]]:
    """Words that were answered when another word was said, more often than by chance.

    Args:
        usage: What was said and answered.
        num_words: Words that could be answered.

    Returns:
        Each word, how many wrong answers it attracted, and how many it could have attracted; the
        most first.

    Source: one-sided binomial test of each word against an equal fraction of the wrong answers,
        with Bonferroni's correction for the number of words.
    """
    if num_words < 3:  # of two words, the other one gets every wrong answer
        return []
    wrong = [use for use in usage if use.was_asked and use.rank != 1]
    attracted = Counter(use.answer.words[0] for use in wrong)
    found = []
    for word, times in attracted.most_common():
        num_wrong = sum(use.word != word for use in wrong)
        test = stats.binomtest(times, num_wrong, 1 / (num_words - 1), alternative="greater")
        if word and times >= FEWEST_WRONG and test.pvalue * num_words < SIGNIFICANCE:
            found.append((word, times, num_wrong))
    return found


def weak_recordings(profile: Profile, usage: Sequence[UsageRecord]) -> list[WeakRecording]:
    """Name the recording behind each word that attracts wrong answers, the worst first.

    Where the word has several recordings, it is the one that is nearest to most of the recordings
    that were taken for the word.

    Args:
        profile: The profile.
        usage: What was said and answered.
    """
    clips = [clip for clip in profile.clips() if clip.domain == "real"]
    words = {clip.word for clip in clips}
    found = []
    for word, num_attracted, num_wrong in attracting_words(usage, len(words)):
        taken = [use.clip for use in usage if _was_taken_for(use, word)][-MAX_COMPARED:]
        own = [clip.id for clip in clips if clip.word == word]
        if own and taken:
            nearest = own[0] if len(own) == 1 else _nearest(profile, own, taken)
            if nearest is not None:
                found.append(
                    WeakRecording(
                        word=word, clip=nearest, num_attracted=num_attracted, num_wrong=num_wrong
                    )
                )
    return found


def _was_taken_for(use: UsageRecord, word: str) -> bool:
    return use.was_asked and use.word != word and use.answer.words[0] == word


def _nearest(profile: Profile, own: Sequence[str], taken: Sequence[str]) -> str | None:
    try:
        scorer = TemplateScorer(
            own,
            [profile.load_clip(clip) for clip in own],
            normalized_cosine_features,
            center=True,
        )
        scores = scorer.scores([profile.load_clip(clip) for clip in taken])
    except UserError:  # one of them was deleted meanwhile, or is damaged
        return None
    ((nearest, _),) = Counter(int(row.argmax()) for row in scores).most_common(1)
    return own[nearest]
