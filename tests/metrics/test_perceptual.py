import importlib

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from videospace.metrics.perceptual import Lpips
from videospace.runtime.errors import UserError

fidelity_module = importlib.import_module("videospace.metrics.fidelity")

SHAPES = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
}


def noise(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (*shape, 3), generator=generator, dtype=torch.uint8)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for index, (name, shape) in enumerate(SHAPES.items()):
        spread = (shape[1] * shape[2] * shape[3]) ** -0.5
        tensors[f"{name}.weight"] = spread * torch.randn(shape, generator=generator)
        tensors[f"{name}.bias"] = 0.1 * torch.randn(shape[0], generator=generator)
        calibration = torch.rand(1, shape[0], 1, 1, generator=generator)
        tensors[f"lin{index}.model.1.weight"] = calibration
    return tensors


@pytest.fixture(scope="module")
def path(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("lpips") / "lpips.safetensors"
    save_file(weights, path)
    return path


@pytest.fixture(scope="module")
def lpips(path) -> Lpips:
    return Lpips(path)


def plain_lpips(weights: dict[str, Tensor], frame: Tensor, true_frame: Tensor) -> float:
    """Eq. 1 of the paper, layer by layer and position by position."""
    shift, scale = torch.tensor([-0.030, -0.088, -0.188]), torch.tensor([0.458, 0.448, 0.450])

    def features(picture: Tensor) -> list[Tensor]:
        x = (((picture.float() / 255 * 2 - 1) - shift) / scale).permute(2, 0, 1)[None]
        found = []
        settings = ((4, 2, False), (1, 2, True), (1, 1, True), (1, 1, False), (1, 1, False))
        for name, (stride, padding, pooled) in zip(SHAPES, settings, strict=True):
            x = functional.max_pool2d(x, 3, 2) if pooled else x
            kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            x = functional.conv2d(x, kernel, bias, stride=stride, padding=padding).clamp(min=0)
            found.append(x[0])
        return found

    total = 0.0
    for index, (a, b) in enumerate(zip(features(frame), features(true_frame), strict=True)):
        calibration = weights[f"lin{index}.model.1.weight"].view(-1)
        cells = []
        for row in range(a.shape[1]):
            for column in range(a.shape[2]):
                ours, theirs = a[:, row, column], b[:, row, column]
                difference = ours / ours.norm() - theirs / theirs.norm()
                cells.append(float((calibration * difference.square()).sum()))
        total += sum(cells) / len(cells)
    return total


@pytest.mark.parametrize("size", [(31, 31), (32, 45), (64, 64)])
def test_it_equals_a_plain_implementation(lpips, weights, size):
    video, reference = noise(2, 2, *size), noise(2, 2, *size, seed=1)
    expected = [
        sum(plain_lpips(weights, video[clip, t], reference[clip, t]) for t in range(2)) / 2
        for clip in range(2)
    ]
    assert lpips(video, reference).tolist() == pytest.approx(expected, rel=1e-4)


def test_equal_clips_have_no_distance_and_worse_ones_more(lpips):
    reference = noise(1, 2, 10, 10).repeat_interleave(4, 2).repeat_interleave(4, 3) // 2 + 60
    assert lpips(reference, reference).item() == 0
    distances = []
    for spread in (4, 16, 60):
        change = noise(1, 2, 40, 40, seed=1).int() % (2 * spread + 1) - spread
        distances.append(lpips((reference.int() + change).to(torch.uint8), reference).item())
    assert 0 < distances[0] < distances[1] < distances[2]


def test_it_is_symmetric_and_clip_by_clip(lpips):
    video, reference = noise(3, 2, 33, 31), noise(3, 2, 33, 31, seed=1)
    together = lpips(video, reference)
    torch.testing.assert_close(lpips(reference, video), together)
    torch.testing.assert_close(lpips(video[1:2], reference[1:2]), together[1:2])
    assert not together.requires_grad


def test_small_blocks_change_nothing(lpips, monkeypatch):
    video, reference = noise(1, 5, 32, 32), noise(1, 5, 32, 32, seed=1)
    whole = lpips(video, reference)
    monkeypatch.setattr(fidelity_module, "_BLOCK_VALUES", 2 * 32 * 32 * 3)
    torch.testing.assert_close(lpips(video, reference), whole)


@pytest.mark.parametrize("suffix", [".pt", ".pth"])
def test_torch_files_are_read_and_the_classifier_left_out(lpips, weights, tmp_path, suffix):
    file = tmp_path / f"lpips{suffix}"
    torch.save(weights | {"classifier.1.weight": torch.zeros(2, 2)}, file)
    video, reference = noise(1, 1, 32, 32), noise(1, 1, 32, 32, seed=1)
    assert torch.equal(Lpips(file)(video, reference), lpips(video, reference))


class TestBadWeights:
    def refused(self, tmp_path, content: object, match: str) -> None:
        file = tmp_path / "lpips.pt"
        torch.save(content, file)
        with pytest.raises(UserError, match=match):
            Lpips(file)

    def test_a_missing_tensor(self, tmp_path, weights):
        rest = {name: value for name, value in weights.items() if name != "lin3.model.1.weight"}
        self.refused(tmp_path, rest, r"lacks tensors lin3\.model\.1\.weight")

    def test_an_unknown_tensor(self, tmp_path, weights):
        extra = weights | {"lin5.model.1.weight": torch.zeros(1)}
        self.refused(tmp_path, extra, r"has the unknown tensors lin5\.model\.1\.weight")

    def test_another_shape(self, tmp_path, weights):
        other = weights | {"features.0.weight": torch.zeros(64, 3, 3, 3)}
        self.refused(tmp_path, other, r"features\.0\.weight of shape \(64, 3, 11, 11\), got \(64,")

    def test_numbers_that_are_not_finite(self, tmp_path, weights):
        other = weights | {"features.3.bias": torch.full((192,), torch.nan)}
        self.refused(tmp_path, other, r"features\.3\.bias holds numbers that are not finite")

    @pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {1: torch.zeros(1)}])
    def test_something_else_than_tensors(self, tmp_path, content):
        self.refused(tmp_path, content, "expected tensors by name")

    def test_code_is_not_run(self, tmp_path):
        self.refused(tmp_path, {"features.0.weight": Evil()}, "damaged")
        assert not Evil.ran

    @pytest.mark.parametrize("content", [b"", b"not a file of tensors", b"PK\x03\x04half a zip"])
    def test_a_damaged_file(self, tmp_path, content):
        file = tmp_path / "lpips.pth"
        file.write_bytes(content)
        with pytest.raises(UserError, match="damaged"):
            Lpips(file)

    @pytest.mark.parametrize("name", ["none.pt", "none.safetensors"])
    def test_no_file(self, tmp_path, name):
        with pytest.raises(UserError, match=name):
            Lpips(tmp_path / name)


class Evil:
    ran = False

    def __reduce__(self):
        return _run, ()


def _run() -> None:
    Evil.ran = True


def test_frames_that_are_too_small_are_refused(lpips):
    with pytest.raises(UserError, match="got 30x64"):
        lpips(noise(1, 1, 30, 64), noise(1, 1, 30, 64))
