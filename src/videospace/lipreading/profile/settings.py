"""What a helper can set for one person."""

import dataclasses

from videospace.lipreading.mouth.detectors import Finder
from videospace.runtime.renamed import renamed


@renamed(values={"strategy": {"dtw-normalised": "dtw-normalized"}})
@dataclasses.dataclass(frozen=True, kw_only=True)
class ProfileSettings:
    """Settings of a profile."""

    person: str
    """Name of the person."""
    language: str = "en-us"
    """Voice of espeak-ng by which words are spoken, such as en-us, de or fr."""
    strategy: str = "fusion"
    """How the person's words are learned: a name in
    :mod:`videospace.lipreading.adaptation.strategies`."""
    prior: bool = False
    """Prefer words that are used often."""
    finder: Finder = "dlib"
    """What finds the mouth in recordings that the studio makes."""
    phrases: str = "Yes\nNo\nHelp\nI am in pain"
    """What is said with one tap and never recognized, one a line."""
