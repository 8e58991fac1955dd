"""Whatever the files of a mouth model say, it opens or is refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.support.hostile_json import ANY_JSON, NASTY, paths, replaced

from videospace.lipreading.model.embedding import EmbeddingConfig
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.runtime.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model = MouthModel(
        CompactEncoder(CompactConfig(channels=1, hidden=4)),
        ["yes", "no"],
        embedding=EmbeddingConfig(width=4),
        calibration={"dtw": {"dtw": 1.0}},
        scores={"steps": 3},
    )
    model.save_pretrained(folder)
    return folder


def opened(folder: Path, content: Any) -> None:
    path = folder / "config.json"
    before = path.read_bytes()
    path.write_text(json.dumps(content))
    try:
        assert MouthModel.from_pretrained(folder).word_weights.shape == (2, 4)
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("value", NASTY, ids=lambda value: f"{value!r:.20}")
def test_every_field(folder: Path, value: Any) -> None:
    valid = json.loads((folder / "config.json").read_text())
    for path in paths(valid):
        opened(folder, replaced(valid, path, value))


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(value=ANY_JSON)
def test_any_json(folder: Path, value: Any) -> None:
    opened(folder, value)


def test_huge_widths_are_refused_before_they_are_built(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["encoder"]["config"].update(hidden=65_536, channels=4096)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match="shape"):
        MouthModel.from_pretrained(folder)
