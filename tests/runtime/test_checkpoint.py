import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from videospace.runtime import checkpoint
from videospace.runtime.checkpoint import (
    RowBlocks,
    fingerprint,
    load_strictly,
    load_tensors,
    require_finite,
    save_json,
    save_tensors,
)
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json_file

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b": torch.tensor([1, -2]), "c": torch.tensor(3.5)}


class TestTensors:
    def test_round_trip_with_notes(self, tmp_path):
        path = tmp_path / "t.safetensors"
        save_tensors(path, TENSORS, {"step": "3", "note": "naïve"})
        tensors, notes = load_tensors(path)
        assert notes == {"step": "3", "note": "naïve"}
        assert tensors.keys() == TENSORS.keys()
        for name, value in TENSORS.items():
            assert torch.equal(tensors[name], value)
            assert tensors[name].dtype == value.dtype

    def test_views_and_gradients_are_saved_as_they_look(self, tmp_path):
        path = tmp_path / "t.safetensors"
        turned = torch.randn(3, 4, requires_grad=True).T
        save_tensors(path, {"turned": turned})
        assert torch.equal(load_tensors(path)[0]["turned"], turned)

    def test_others_may_read_what_the_umask_lets_them(self, tmp_path):
        (tmp_path / "plain").touch()
        save_tensors(tmp_path / "t.safetensors", TENSORS)
        modes = [path.stat().st_mode for path in tmp_path.iterdir()]
        assert modes[0] == modes[1]

    def test_a_failed_write_is_explained(self, tmp_path):
        path = tmp_path / "t.safetensors"
        save_tensors(path, TENSORS)
        before = path.read_bytes()

        def blocks():
            yield torch.zeros(1, 3)
            raise OSError(28, "No space left on device")

        with pytest.raises(UserError, match="No space left"):
            save_tensors(path, {"a": RowBlocks((2, 3), torch.float32, blocks())})
        assert path.read_bytes() == before
        assert [found.name for found in tmp_path.iterdir()] == [path.name]

    @pytest.mark.parametrize("dtype", checkpoint.DTYPE_NAMES)
    def test_every_type_as_the_library_writes_it(self, tmp_path, dtype):
        tensors = {
            "odd": torch.tensor([1, 0, 1], dtype=torch.uint8),
            "b": torch.arange(6).view(2, 3).to(dtype),
            "empty": torch.zeros(0, 4, dtype=dtype),
            "a": torch.ones((), dtype=torch.float64),
        }
        save_tensors(tmp_path / "ours", tensors, {"note": "1"})
        save_file(tensors, tmp_path / "theirs", {"note": "1"})
        found, read = load_tensors(tmp_path / "ours"), load_file(tmp_path / "ours")
        assert found[1] == load_tensors(tmp_path / "theirs")[1]
        for name, value in tensors.items():
            for one in (found[0][name], read[name]):
                assert one.dtype == value.dtype
                assert torch.equal(one, value)

    def test_a_table_in_blocks_is_the_table(self, tmp_path):
        table = torch.arange(22.0).view(11, 2)
        blocks = RowBlocks((11, 2), table.dtype, iter(table.split(4)))
        save_tensors(tmp_path / "t", {**TENSORS, "table": blocks})
        save_tensors(tmp_path / "whole", {**TENSORS, "table": table})
        assert (tmp_path / "t").read_bytes() == (tmp_path / "whole").read_bytes()

    def test_missing_and_damaged_files(self, tmp_path):
        path = tmp_path / "t.safetensors"
        with pytest.raises(UserError, match="does not exist"):
            load_tensors(path)
        with pytest.raises(UserError, match="does not exist"):
            load_tensors(tmp_path)
        save_tensors(path, TENSORS)
        data = path.read_bytes()
        for size in (0, 4, 8, 40, len(data) - 1):
            path.write_bytes(data[:size])
            with pytest.raises(UserError, match="damaged"):
                load_tensors(path)


class TestStrictLoading:
    def module(self):
        return torch.nn.Linear(2, 3)

    def test_everything_in_its_place(self, tmp_path):
        module, other = self.module(), self.module()
        load_strictly(module, other.state_dict(), tmp_path)
        assert torch.equal(module.weight, other.weight)

    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (lambda t: t.pop("bias"), "lacks .*bias"),
            (lambda t: t.update(more=torch.ones(1)), "unknown .*more"),
            (
                lambda t: t.update(bias=torch.ones(4)),
                r"got \(4,\)",
            ),
            (lambda t: t["bias"][1:2].fill_(math.nan), "not finite"),
        ],
    )
    def test_anything_else_is_refused_and_changes_nothing(self, tmp_path, edit, message):
        module = self.module()
        before = {name: value.clone() for name, value in module.state_dict().items()}
        tensors = self.module().state_dict()
        edit(tensors)
        with pytest.raises(UserError, match=message):
            load_strictly(module, tensors, tmp_path)
        assert all(torch.equal(value, before[n]) for n, value in module.state_dict().items())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_named(value):
    require_finite(torch.zeros(3), "the latents")
    with pytest.raises(UserError, match=r"the latents .*not finite"):
        require_finite(torch.tensor([0.0, value]), "the latents")


class TestFingerprint:
    def test_sixteen_hexadecimal_digits(self):
        digits = fingerprint({name: TENSORS[name] for name in "ab"})
        assert len(digits) == 16
        assert int(digits, 16) >= 0

    def test_order_and_layout_do_not_count(self):
        a, b = torch.randn(3, 4), torch.randn(2)
        assert fingerprint({"a": a, "b": b}) == fingerprint({"b": b, "a": a.T.contiguous().T})

    @settings(deadline=None, max_examples=40)
    @given(st.integers(0, 11), st.integers(0, 31))
    def test_any_bit_counts(self, place, bit):
        a = torch.arange(12, dtype=torch.int32)
        flipped = a.clone()
        flipped[place] ^= 1 << bit if bit < 31 else -(1 << 31)
        assert fingerprint({"a": flipped}) != fingerprint({"a": a})

    def test_names_count(self):
        a = torch.ones(3)
        assert fingerprint({"a": a}) != fingerprint({"b": a})

    def test_a_single_number(self):
        assert fingerprint({"c": TENSORS["c"]}) != fingerprint({"c": TENSORS["c"] + 1})


def test_json_round_trip(tmp_path):
    content = {"a": [1, 2.5, None], "ü": {"b": "×"}}
    save_json(tmp_path / "c.json", content)
    assert read_json_file(tmp_path / "c.json") == content
    assert (tmp_path / "c.json").read_text(encoding="utf-8").endswith("}\n")
