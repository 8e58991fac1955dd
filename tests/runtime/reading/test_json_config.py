import dataclasses
import json
import math
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videospace.inrv.training.presets import PRESETS
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_config import config_from_json


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inner:
    width: int = 3
    rate: float = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner = Inner()
    kind: Literal["big", "small"] = "big"
    limit: int | None = None
    on: bool = False

    def __post_init__(self):
        if self.limit is not None and self.limit < 0:
            raise UserError(f"expected limit of at least 0, got {self.limit}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    name: str
    words: tuple[str | None, ...] = ()
    parts: tuple[Inner, ...] = ()
    best: Inner | None = None


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_preset_comes_back(name):
    config = PRESETS[name]()
    content = json.loads(json.dumps(dataclasses.asdict(config)))
    assert config_from_json(type(config), content, "here") == config


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(),
    rate=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
    kind=st.sampled_from(["big", "small"]),
    limit=st.none() | st.integers(0, 99),
    on=st.booleans(),
)
def test_whatever_fits_comes_back(width, rate, kind, limit, on):
    config = Outer(inner=Inner(width=width, rate=float(rate)), kind=kind, limit=limit, on=on)
    content = json.loads(json.dumps(dataclasses.asdict(config)))
    content["inner"]["rate"] = rate
    again = config_from_json(Outer, content, "here")
    assert again == config
    assert type(again.inner.rate) is float


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda c: c.update(color=1), "unknown field 'color'"),
        (lambda c: c.pop("kind"), "'kind'"),
        (lambda c: c["inner"].pop("rate"), "here.inner lacks"),
        (lambda c: c.update(inner=[]), "here.inner"),
        (lambda c: c["inner"].update(width=1.0), "here.inner.width"),
        (lambda c: c["inner"].update(width=True), "here.inner.width"),
        (lambda c: c["inner"].update(rate="0.5"), "here.inner.rate"),
        (lambda c: c["inner"].update(rate=None), "here.inner.rate"),
        (lambda c: c["inner"].update(rate=math.inf), "here.inner.rate"),
        (lambda c: c["inner"].update(rate=math.nan), "here.inner.rate"),
        (lambda c: c["inner"].update(rate=10**400), "here.inner.rate"),
        (lambda c: c.update(kind="huge"), "here.kind: expected one of 'big', 'small', got 'huge'"),
        (lambda c: c.update(kind=["big"]), "here.kind"),
        (lambda c: c.update(limit="1"), "here.limit"),
        (lambda c: c.update(on=1), "here.on: expected bool, got 1"),
        (lambda c: c.update(limit=-1), "limit of at least 0"),
    ],
)
def test_what_does_not_fit_is_named(edit, field):
    content = dataclasses.asdict(Outer())
    edit(content)
    with pytest.raises(UserError) as caught:
        config_from_json(Outer, content, "here")
    assert field in str(caught.value)


def test_records_in_lists_and_their_defaults():
    content = {"name": "a", "words": ["b", None], "parts": [{"width": 7}, {}], "best": None}
    found = config_from_json(Record, content, "here", with_defaults=True)
    assert found == Record(name="a", words=("b", None), parts=(Inner(width=7), Inner()))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "'name'"),
        ({"name": "a", "words": ["b", 7]}, "here.words[1]"),
        ({"name": "a", "parts": [{}, {"width": "7"}]}, "here.parts[1].width"),
        ({"name": "a", "parts": [{"rate": math.nan}]}, "here.parts[0].rate"),
        ({"name": "a", "best": {"color": 1}}, "'color'"),
        ([], "here"),
    ],
)
def test_records_that_do_not_fit(content, field):
    with pytest.raises(UserError) as caught:
        config_from_json(Record, content, "here", with_defaults=True)
    assert field in str(caught.value)
