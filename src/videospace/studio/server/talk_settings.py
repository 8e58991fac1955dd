"""How one person operates the page Talk: switches, scanning, dwelling, recording by the lips."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json


class TalkSettings(BaseModel):
    """The settings of the page Talk, which every device of the person shares.

    Example:
        >>> TalkSettings.from_text('{"scan_seconds": 2.5, "of_a_later_version": 1}').scan_seconds
        2.5
    """

    model_config = ConfigDict(extra="forbid")

    scanning: bool = False
    """Whether one switch operates the pages: what is highlighted changes, and the switch presses
    it."""
    scan_pattern: Literal["single", "rows", "groups"] = "single"
    """Whether scanning goes from button to button, or first over rows or groups of buttons."""
    scan_seconds: Annotated[float, Field(ge=0.3, le=10)] = 1.6
    """How long each button or row is highlighted."""
    second_switch: bool = False
    """Whether one switch moves the highlight and a second one presses."""
    hold_seconds: Annotated[float, Field(ge=0.3, le=3)] = 0.6
    """A longer press of a key is a hold, which records but never accepts a word."""
    dwell_seconds: Annotated[float, Field(ge=0, le=10)] = 0.0
    """How long the pointer rests on a button to press it; 0: it has to be clicked."""
    hands_free: bool = False
    """Whether the lips begin and end a recording."""
    lip_sensitivity: Annotated[float, Field(ge=0.25, le=4)] = 1.0
    """The larger, the smaller the movement that begins a recording."""
    accepts_confident: bool = False
    """Whether a confident answer is accepted unless somebody stops it."""
    accept_seconds: Annotated[float, Field(ge=1, le=15)] = 3.0
    """How long that can be stopped."""
    cancel_by: Literal["nothing", "nod", "lips"] = "nod"
    """What stops it without hands."""

    page_language: Annotated[str, Field(pattern="^([a-z]{2,3})?$")] = ""
    """The language of the pages; empty: that of the person's words, if the pages speak it."""

    @classmethod
    def from_text(cls, text: str) -> "TalkSettings":
        """Read the settings that a profile holds.

        What is out of bounds or unknown, as from another version, has its default.
        """
        try:
            content = read_json(text or "{}", "the settings")
        except UserError:
            return cls()
        if not isinstance(content, dict):
            return cls()
        try:
            return cls(**content)
        except ValidationError as error:
            wrong = {str(each["loc"][0]) for each in error.errors()}
            return cls(**{name: value for name, value in content.items() if name not in wrong})

    def changed(self, changes: "TalkSettings") -> "TalkSettings":
        """These settings with those that another object was given."""
        return self.model_copy(update=changes.model_dump(exclude_unset=True))
