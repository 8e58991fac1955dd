import pytest
import torch

from videospace.runtime.device import choose_device, choose_precision
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
    with pytest.raises(UserError, match=f"got '{name}'") as caught:
        choose_device(name)
    assert "\n" not in str(caught.value)


CPU = torch.device("cpu")
PROBES = ["_is_avx512_bf16_supported", "_is_amx_tile_supported"]


class TestPrecision:
    @pytest.mark.parametrize("name", ["float32", "bfloat16"])
    def test_what_is_asked_for_is_given(self, name):
        assert choose_precision(name, CPU) == name

    @pytest.mark.parametrize("has", [(True, False), (False, True), (False, False)])
    def test_the_processor_decides(self, monkeypatch, has):
        for probe, answer in zip(PROBES, has, strict=True):
            monkeypatch.setattr(torch.cpu, probe, lambda answer=answer: answer, raising=False)
        assert choose_precision("auto", CPU) == ("bfloat16" if any(has) else "float32")

    def test_without_probes_the_answer_is_the_one_that_always_works(self, monkeypatch):
        for probe in PROBES:
            monkeypatch.delattr(torch.cpu, probe, raising=False)
        assert choose_precision("auto", CPU) == "float32"

    @pytest.mark.parametrize("has", [True, False])
    def test_the_gpu_decides(self, monkeypatch, has):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: has)
        expected = "bfloat16" if has else "float32"
        assert choose_precision("auto", torch.device("cuda")) == expected
