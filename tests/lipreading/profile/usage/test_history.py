"""Records of use, and the accuracy computed from them."""

import csv
import datetime
import io
import itertools
import math
import random

import pytest

from videospace.lipreading.profile.deletion import delete_clip, delete_word
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.records import AnswerRecord, UsageRecord, now
from videospace.lipreading.profile.usage.accuracy_drop import NUM_RECENT, find_accuracy_drop
from videospace.lipreading.profile.usage.history import (
    COLUMNS,
    MOVING,
    accuracy,
    by_day,
    confusion_pairs,
    sessions,
    usage_csv,
    word_history,
)
from videospace.metrics.proportion import proportion_interval
from videospace.runtime.errors import UserError

START = datetime.datetime(2026, 3, 1, 22, 30, tzinfo=datetime.UTC)


def answer(*words, confident=False, model=None) -> AnswerRecord:
    """The words, each half as likely as the one before it."""
    probabilities = tuple(0.5 ** (place + 1) for place in range(len(words)))
    return AnswerRecord(
        words=words,
        probabilities=probabilities,
        confident=confident,
        strategy="fusion",
        model=model,
    )


def choice(word: str, *words: str, minutes: float = 0, was_known=True, model=None) -> UsageRecord:
    """A word that was said, and the words that had been answered."""
    made = (START + datetime.timedelta(minutes=minutes)).isoformat(timespec="seconds")
    return UsageRecord(
        clip=f"{random.getrandbits(64):016x}",
        word=word,
        made=made,
        was_known=was_known,
        answer=answer(*words, model=model),
    )


def right_and_wrong(pattern: str) -> list[UsageRecord]:
    """A choice for each sign: 1 right, 0 wrong."""
    return [choice("yes", "yes" if sign == "1" else "no", "tea") for sign in pattern]


@pytest.fixture
def say(profile, make_clip):
    """Keeps a recording of a word that was said in use."""
    seeds = itertools.count(100)

    def keep(word: str, *words: str, **answered) -> str:
        clip = make_clip(next(seeds))
        return profile.add_clip(word, clip, source="x", answer=answer(*words, **answered)).id

    return keep


def test_a_choice_is_kept_with_its_clip(profile, say):
    first = say("bread", "water", "bread", model="0123456789abcdef")
    second = say("BREAD", "bread", "water", confident=True)
    one, two = Profile(profile.folder).usage()
    record = profile.clips()[-1]
    assert (one.clip, two.clip) == (first, second)
    assert (one.word, one.rank, one.answer.words) == ("bread", 2, ("water", "bread"))
    assert one.answer == answer("water", "bread", model="0123456789abcdef")
    assert (two.rank, two.answer.confident, two.made) == (1, True, record.added)
    assert profile.word("bread").num_uses == 2
    assert profile.word("water").num_uses == 0


def test_what_was_recorded_to_teach_is_no_choice(profile):
    assert profile.usage() == []


def test_what_could_not_be_right_does_not_count(profile, say):
    say("yes", "water", "bread")  # had no recording
    say("yes")  # nothing was answered
    say("yes", "yes", "water")
    assert [each.was_asked for each in profile.usage()] == [False, False, True]
    found = accuracy(profile.usage())
    assert (found.num_answers, found.top1.mean) == (1, 1.0)
    assert word_history(profile.words(), profile.usage())[-1].num_uses == 3


def test_a_recording_that_cannot_be_kept_is_no_choice(profile, make_clip):
    with pytest.raises(UserError, match="already"):
        profile.add_clip("water", make_clip(0), source="x", answer=answer("water"))
    assert (profile.usage(), profile.word("water").num_uses) == ([], 0)


def test_every_word_needs_a_probability():
    with pytest.raises(UserError, match="probabilit"):
        AnswerRecord(words=("yes",))


def test_a_deleted_clip_takes_its_choice_along(profile, say):
    clip = say("bread", "water", "bread")
    say("water", "water")
    delete_clip(profile, clip)
    delete_clip(profile, profile.clips("water")[0].id)  # was recorded to teach
    assert [each.word for each in profile.usage()] == ["water"]
    assert [word.num_uses for word in profile.words()] == [1, 0, 0]


def test_a_deleted_word_is_gone_from_all_answers_and_right_ones_stay_what_they_were(profile, say):
    profile.add_word("morphine pump")
    say("morphine pump", "bread")
    say("water", "morphine pump", "water", "bread")
    say("bread", "bread", "morphine pump")
    delete_word(profile, "morphine pump")
    one, two = profile.usage()
    assert one.answer.words == (None, "water", "bread")
    assert (one.rank, two.rank) == (2, 1)
    assert accuracy([one, two]).top1.mean == 0.5
    assert confusion_pairs([one, two]) == []
    files = (path for path in profile.folder.rglob("*") if path.is_file())
    assert b"morphine" not in b"".join(path.read_bytes() for path in files)


def test_a_guess_that_was_deleted_before_the_choice_has_no_name(profile, say):
    say("water", "tea", "water")
    assert profile.usage()[0].answer.words == (None, "water")


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_are_those_of_the_literature(hits, total, low, high):
    """The last one: Newcombe, Statistics in Medicine 17, 1998, table I."""
    found = proportion_interval(number < hits for number in range(total))
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert proportion_interval([]) is None


def test_days_end_where_the_person_lives():
    said = [
        choice("yes", "yes", minutes=0),
        choice("yes", "no", minutes=60),
        choice("yes", "yes", minutes=120),
    ]
    first, second = by_day(said, datetime.UTC)
    assert (str(first.date), first.num_words, first.accuracy.top1.mean) == ("2026-03-01", 2, 0.5)
    assert (second.num_words, second.accuracy.top1.mean) == (1, 1.0)
    assert second.moving_top1.mean == pytest.approx(2 / 3)
    berlin = datetime.timezone(datetime.timedelta(hours=1))
    assert [day.num_words for day in by_day(said, berlin)] == [1, 2]


def test_the_moving_accuracy_looks_back_a_fixed_number_of_answers():
    said = right_and_wrong("0" * MOVING) + [
        choice("yes", "yes", minutes=24 * 60) for _ in range(MOVING // 2)
    ]
    assert by_day(said, datetime.UTC)[-1].moving_top1.mean == 0.5


def test_a_pause_of_half_an_hour_ends_a_session():
    said = [choice("yes", "no", "yes", minutes=m) for m in (0, 10, 39, 70, 71)]
    one, two = sessions(said, datetime.UTC)
    assert (one.num_words, two.num_words) == (3, 2)
    assert (one.start, one.end - one.start) == (START, datetime.timedelta(minutes=39))
    assert (one.accuracy.top1.mean, one.accuracy.top5.mean) == (0.0, 1.0)
    assert sessions([]) == []


def test_words_are_listed_the_weakest_first(profile, say):
    profile.add_word("tea")
    for word, first in (("yes", "tea"), ("yes", "bread"), ("yes", "bread"), ("bread", "bread")):
        say(word, first, "water")
    found = word_history(profile.words(), profile.usage())
    # By recordings; of two words with as many, the one that is right less often.
    assert [word.word for word in found] == ["tea", "water", "bread", "yes"]
    yes = found[-1]
    assert (yes.num_clips, yes.num_uses, yes.num_answers, yes.num_hits) == (3, 3, 2, 0)
    assert yes.taken_for == (("bread", 2),)
    assert yes.top1.mean == 0.0
    assert found[0].top1 is None


def test_confusions_are_counted():
    said = [
        choice("yes", "no", "yes"),
        choice("yes", "no"),
        choice("no", "yes", "no"),
        choice("tea", "tea"),
    ]
    assert confusion_pairs(said) == [("yes", "no", 2), ("no", "yes", 1)]


def test_an_accuracy_drop_is_noticed_and_explained():
    said = right_and_wrong("1" * 90 + "0" * 10 + ("1" * 3 + "0" * 2) * 8)
    drop = find_accuracy_drop(said)
    assert drop is not None
    assert (drop.num_recent, drop.num_before) == (NUM_RECENT, 100)
    assert (drop.recent.mean, drop.before.mean) == (0.6, 0.9)
    # Of 140 answers 114 were right: the chance that of 40 of them 24 or fewer are.
    ways = sum(math.comb(114, hits) * math.comb(26, 40 - hits) for hits in range(14, 25))
    assert drop.p_value == pytest.approx(ways / math.comb(140, 40))
    assert drop.most_missed == (("yes", 16),)
    for figure in ("60.0 %", "90.0 %", "10,000", "yes (16 ×)"):
        assert figure in drop.text()


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "1" * 79,
        "1" * 39 + "0" * 40,  # too few to compare with
        "1" * 90 + "0" * 10 + ("1" * 4 + "0") * 8,  # 80 after 90 per cent may be chance
        "0" * 60 + "1" * 60,  # it became better
    ],
)
def test_chance_is_no_accuracy_drop(pattern):
    assert find_accuracy_drop(right_and_wrong(pattern)) is None


def test_the_table_of_choices(profile, say):
    profile.add_word("=1+1")
    say("bread", "water", "bread", model="0123456789abcdef", confident=True)
    say("=1+1")
    one, two = csv.DictReader(io.StringIO(usage_csv(profile.usage())))
    assert tuple(one) == COLUMNS
    assert (one["word"], one["rank"], one["confident"], one["known"]) == ("bread", "2", "1", "1")
    assert (one["guess 1"], one["probability 1"], one["guess 3"]) == ("water", "0.5000", "")
    assert (one["strategy"], one["model"]) == ("fusion", "0123456789abcdef")
    assert (two["word"], two["rank"], two["guess 1"], two["known"]) == ("'=1+1", "", "", "0")


def odd_use(text: str) -> UsageRecord:
    """A record that no profile holds, because another program made it."""
    answer = AnswerRecord(words=("a",), probabilities=(0.5,))
    use = UsageRecord(clip="0" * 16, word="a", made=now(), was_known=True, answer=answer)
    changes = {
        use: ("clip", "word", "made"),
        answer: ("strategy", "model"),
    }
    for record, names in changes.items():
        for name in names:
            object.__setattr__(record, name, text)
    object.__setattr__(answer, "words", (text,))
    return use


def text_cells(text: str) -> set[str]:
    (row,) = csv.DictReader(io.StringIO(usage_csv([odd_use(text)]), newline=""))
    assert (row["rank"], row["probability 1"]) == ("1", "0.5000")
    return {row[name] for name in ("time", "word", "guess 1", "strategy", "model", "clip")}


@pytest.mark.parametrize(
    "sign", [*"=+-@\t\r\n", *"＝＋－＠", *"﹦﹢﹣﹫", " =", "\u3000=", "\u200b@", "\ufeff-"]
)
def test_no_cell_of_the_table_is_a_formula(sign):
    assert text_cells(f"{sign}cmd()") == {f"'{sign}cmd()"}


@pytest.mark.parametrize("text", ["water", "naïve", "'tis", "3-4", "नमस्ते"])
def test_other_cells_stay_as_they_are(text):
    assert text_cells(text) == {text}
