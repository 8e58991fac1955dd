"""The settings of the page Talk: bounds, what another version wrote, and changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videospace.studio.server.talk_settings import TalkSettings


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "null", "{}"])
def test_what_is_no_settings_is_the_default(text):
    assert TalkSettings.from_text(text) == TalkSettings()


def test_only_what_is_wrong_has_its_default():
    text = json.dumps({"scan_seconds": 0, "later": 1, "cancel_by": "wink", "dwell_seconds": 2})
    assert TalkSettings.from_text(text) == TalkSettings(dwell_seconds=2)


@given(st.builds(TalkSettings, scan_seconds=st.floats(0.3, 10), hands_free=st.booleans()))
def test_settings_come_back_as_they_were_written(settings):
    assert TalkSettings.from_text(settings.model_dump_json()) == settings


def test_settings_are_kept_for_each_person(page, ann):
    page.post("/api/profiles", json={"person": "Bo"})
    changed = page.patch(ann, json={"talk": {"scanning": True, "scan_seconds": 2.5}}).json()
    assert changed["talk"]["scanning"] is True
    page.patch(ann, json={"talk": {"scan_pattern": "rows"}})
    talk = page.get(ann).json()["talk"]
    assert (talk["scanning"], talk["scan_seconds"], talk["scan_pattern"]) == (True, 2.5, "rows")
    assert page.get("/api/profiles/bo").json()["talk"]["scanning"] is False


@pytest.mark.parametrize(
    "wrong",
    [
        {"scan_seconds": 0.1},
        {"scan_seconds": 1e9},
        {"hold_seconds": "NaN"},
        {"scan_pattern": "x"},
        {"a": 1},
    ],
)
def test_settings_out_of_bounds_are_refused(page, ann, wrong):
    assert page.patch(ann, json={"talk": wrong}).status_code == 422
    assert page.get(ann).json()["talk"]["scan_seconds"] == 1.6
