import pytest
import torch

from videospace.runtime.device import choose_device
from videospace.runtime.errors import UserError


def test_a_gpu_is_taken_when_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device() == torch.device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")


def test_the_cpu_is_always_there():
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "warp:3", "xpu:9", "meta", ""])
def test_what_is_no_device_of_this_machine(name):
    message = f"^expected auto, cpu or a GPU of this machine, came '{name}': .+"
    with pytest.raises(UserError, match=message) as caught:
        choose_device(name)
    assert "\n" not in str(caught.value)
