"""JSON of unknown origin is read strictly and within limits."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json, read_json_file

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(value=VALUES, ascii_only=st.booleans())
def test_whatever_json_writes_comes_back(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read_json(text, "here") == value
    assert read_json(text.encode(), "here") == value


@given(content=st.text() | st.binary() | VALUES.map(lambda value: json.dumps(value)[:-1]))
def test_the_answer_is_a_value_or_a_clear_error(content: str | bytes) -> None:
    try:
        value = read_json(content, "here")
    except UserError:
        return
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("{} {}", "JSON"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"b": {"a": 1, "c": 0, "a": 2}}', "twice"),
        ("NaN", "NaN"),
        ("-Infinity", "Infinity"),
        ("1e999", "large"),
        ("-1e999", "large"),
        (str(2**63), "64 bits"),
        (str(-(2**63)), "64 bits"),
        ("1" * 100_000, "64 bits"),
        ('"\\ud800"', "UTF-8"),
        ('{"\\uDFFF": 1}', "UTF-8"),
        ('"\ud800"', "UTF-8"),
        (b'"\xff"', "UTF-8"),
        (b'"\xed\xa0\x80"', "UTF-8"),
        ("\ufeff{}", "JSON"),
        ('"a\nb"', "JSON"),
        ("[" * 33 + "]" * 33, "nested"),
        ("[" * 400_000, "nested"),
        ('{"a":' * 150_000, "nested"),
        ("[{}," * 200_000, "nested"),
        ('"' + "[" * 100 + '", ' + "[" * 100, "nested"),
        (" " * 2_000_000, "bytes"),
    ],
)
def test_refuses(content: str | bytes, word: str) -> None:
    with pytest.raises(UserError, match=word):
        read_json(content, "here")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (str(2**63 - 1), 2**63 - 1),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        (json.dumps("[" * 100), "[" * 100),
        (json.dumps({'\\"[': ["[[" * 50, '"{']}), {'\\"[': ["[[" * 50, '"{']}),
        ("[" * 32 + "]" * 32, None),
        ("[" + "[]," * 1000 + "[]]", [[]] * 1001),
    ],
)
def test_takes(content: str, value: Any) -> None:
    assert value in (None, read_json(content, "here"))


def test_escapes_without_an_end_are_scanned_once() -> None:
    hostile = "[" * 40 + '"' + '\\"' * 500_000
    with pytest.raises(UserError, match="nested"):
        read_json(hostile, "here", max_bytes=2_000_000)


def test_reads_an_object_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(UserError, match="exist"):
        read_json_file(path)
    path.write_text('{"a": 1}')
    assert read_json_file(path) == {"a": 1}
    with pytest.raises(UserError, match="7 bytes"):
        read_json_file(path, max_bytes=7)
    path.write_text("[1]")
    with pytest.raises(UserError, match="object"):
        read_json_file(path)
    with pytest.raises(UserError, match="read"):
        read_json_file(tmp_path)
