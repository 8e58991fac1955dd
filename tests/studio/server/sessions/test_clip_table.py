import json

import pytest
from tests.support.small_spaces import small_space

from videospace.runtime.errors import UserError
from videospace.studio.server.sessions.clip_table import TABLE_FILE, read_clip_table
from videospace.studio.server.sessions.space_session import SpaceSession


def write(folder, content) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / TABLE_FILE).write_text(text, encoding="utf-8")


def test_labels_and_scores_of_known_clips_are_read(tmp_path):
    rows = {"a": {"person": "Ann", "psnr_db": 31, "ssim": None}, "unknown": {"person": "Bo"}}
    write(tmp_path, {"num_clips": 2, "clips": rows})
    assert read_clip_table(tmp_path, ["a", "b"]) == {"a": {"person": "Ann", "psnr_db": 31.0}}


def test_a_folder_without_a_table_has_no_labels(tmp_path):
    assert read_clip_table(tmp_path, ["a"]) == {}


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        ("no json", "JSON"),
        ("[" * 100_000, "nested"),
        ([], "clips"),
        ({"clips": []}, "clips"),
        ({"clips": {"a": 3}}, "'a'"),
        ({"clips": {"a": {"x": [1]}}}, "'x'"),
        ({"clips": {"a": {"x": True}}}, "'x'"),
        ({"clips": {"a": {"x": float("nan")}}}, "NaN"),
        ({"clips": {"a": {"x": 10**400}}}, "64 bits"),
        ({"clips": {"a": {"x": "y" * 200}}}, "'x'"),
        ({"clips": {"a": {str(n): n for n in range(20)}}}, "columns"),
    ],
)
def test_a_table_of_another_form_is_refused(tmp_path, content, phrase):
    write(tmp_path, content)
    with pytest.raises(UserError, match=phrase):
        read_clip_table(tmp_path, ["a"])


def test_a_table_that_is_too_large_is_named_without_its_folder(tmp_path):
    with open(tmp_path / TABLE_FILE, "wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UserError, match="at most") as caught:
        read_clip_table(tmp_path, ["a"])
    assert str(tmp_path) not in str(caught.value)


def test_a_space_with_a_damaged_table_opens_and_says_so(tmp_path, recording_reader):
    session = SpaceSession(small_space(), recording_reader, tmp_path)
    write(tmp_path, {"clips": {"b": {"person": "Ann"}}})
    items = session.map_items(session.clip_table().rows_by_id)
    assert [dict(item.values) for item in items[:2]] == [{}, {"person": "Ann"}]
    write(tmp_path, "no json")
    assert session.clip_table().rows_by_id == {}
    assert "JSON" in session.clip_table().problem
    session.close()
