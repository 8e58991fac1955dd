"""Training while words are recognized."""

import time

import pytest
import torch

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel


@pytest.fixture
def trained_page(tmp_path, start_app, open_page, send, make_film):
    """A page of Bo, who has two words and a pretrained model."""
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    MouthModel(encoder, ["a", "b"], units=["open", "shut"]).eval().save_pretrained(
        tmp_path / "model"
    )
    page = open_page(start_app(tmp_path / "model"))
    page.post("/api/profiles", json={"person": "Bo"})
    page.patch("/api/profiles/bo", json={"finder": "middle"})
    for number, word in enumerate(("water", "bread")):
        recognized = send(page, "/api/profiles/bo", make_film(number), recognize=False)
        page.post(f"/api/profiles/bo/recordings/{recognized['id']}/choice", json={"word": word})
    return page


def wait_for_end(page):
    while (training := page.get("/api/profiles/bo/training").json())["state"] == "running":
        time.sleep(0.1)
    return training


def test_recognition_goes_on_during_training_and_uses_the_new_model_after_it(
    trained_page, tmp_path, send, make_film
):
    begun = trained_page.post("/api/profiles/bo/training", json={})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    again = trained_page.post("/api/profiles/bo/training", json={})
    assert "a training is running" in again.json()["error"]
    recognized = send(trained_page, "/api/profiles/bo", make_film(1, take=3))
    assert len(recognized["guesses"]) == 2
    assert wait_for_end(trained_page) == {"state": "done", "fraction": 1.0, "note": "done"}
    assert len(list((tmp_path / "data" / "bo" / "models").iterdir())) == 2
    assert len(send(trained_page, "/api/profiles/bo", make_film(1, take=3))["guesses"]) == 2


def test_a_training_can_be_stopped_and_leaves_nothing(trained_page, tmp_path):
    trained_page.post("/api/profiles/bo/training", json={})
    stopped = trained_page.delete("/api/profiles/bo/training").json()
    assert stopped["state"] == "stopped"
    assert wait_for_end(trained_page)["state"] == "stopped"
    assert trained_page.delete("/api/profiles/bo").status_code == 204
    assert list((tmp_path / "data").iterdir()) == []
