"""Training beside the conversation."""

import time

import pytest
import torch

from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel


@pytest.fixture
def trained_page(tmp_path, start_house, open_page, send, make_film):
    """A page of Bo, who has two words and a pretrained model."""
    torch.manual_seed(0)
    encoder = CompactEncoder(CompactConfig(channels=2, hidden=8))
    MouthModel(encoder, ["a", "b"], units=["open", "shut"]).eval().save_pretrained(
        tmp_path / "model"
    )
    page = open_page(start_house(tmp_path / "model"))
    page.post("/api/people", json={"person": "Bo"})
    page.patch("/api/people/bo", json={"finder": "middle"})
    for number, word in enumerate(("water", "bread")):
        heard = send(page, "/api/people/bo", make_film(number), recognize=False)
        page.post(f"/api/people/bo/recordings/{heard['id']}/choice", json={"word": word})
    return page


def await_end(page, seconds=120.0):
    end = time.monotonic() + seconds
    while (learning := page.get("/api/people/bo/learning").json())["state"] == "running":
        assert time.monotonic() < end, learning
        time.sleep(0.1)
    return learning


def test_training_goes_on_beside_and_takes_over_by_itself(trained_page, tmp_path, send, make_film):
    begun = trained_page.post("/api/people/bo/learning", json={})
    assert (begun.status_code, begun.json()["state"]) == (202, "running")
    again = trained_page.post("/api/people/bo/learning", json={})
    assert again.json() == {"error": "a training is running: wait for it, or stop it first"}
    heard = send(trained_page, "/api/people/bo", make_film(1, take=3))
    assert len(heard["guesses"]) == 2
    assert await_end(trained_page) == {"state": "done", "fraction": 1.0, "note": "done"}
    assert len(list((tmp_path / "data" / "bo" / "models").iterdir())) == 2
    assert len(send(trained_page, "/api/people/bo", make_film(1, take=3))["guesses"]) == 2


def test_a_training_can_be_stopped_and_leaves_nothing(trained_page, tmp_path):
    trained_page.post("/api/people/bo/learning", json={})
    stopped = trained_page.delete("/api/people/bo/learning").json()
    assert stopped["state"] == "stopped"
    assert await_end(trained_page)["state"] == "stopped"
    assert trained_page.delete("/api/people/bo").status_code == 204
    assert list((tmp_path / "data").iterdir()) == []
