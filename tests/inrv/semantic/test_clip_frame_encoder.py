import json
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from videospace.inrv.semantic.clip_frame_encoder import (
    CLIP_MEAN,
    CLIP_STD,
    ClipFrameEncoder,
    clip_pixels,
)
from videospace.runtime.errors import UserError


def random_frames(num_frames=3, height=20, width=20):
    generator = torch.Generator().manual_seed(0)
    shape = (num_frames, height, width, 3)
    return torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)


def gray_levels(pixels, mean=CLIP_MEAN, std=CLIP_STD):
    levels = pixels * torch.tensor(std).view(3, 1, 1) + torch.tensor(mean).view(3, 1, 1)
    return (255 * levels).permute(0, 2, 3, 1)


class TestClipPixels:
    @pytest.mark.parametrize("side", [9, 20, 50])
    def test_resizing_agrees_with_pillow_to_a_gray_level(self, side):
        frames = 100 + random_frames(1) // 5  # far from black and white, where Pillow clips twice
        image = Image.fromarray(frames[0].numpy())
        expected = np.asarray(image.resize((side, side), Image.Resampling.BICUBIC))
        difference = gray_levels(clip_pixels(frames, side))[0].numpy() - expected
        # Pillow rounds after each of its two passes: half a level, and half a level once weighted.
        assert np.abs(difference).max() <= 1.2

    def test_known_value(self):
        frames = torch.full((1, 4, 4, 3), 255, dtype=torch.uint8)
        expected = (1 - torch.tensor(CLIP_MEAN)) / torch.tensor(CLIP_STD)
        pixels = clip_pixels(frames, 2)
        torch.testing.assert_close(pixels, expected.view(1, 3, 1, 1).expand(1, 3, 2, 2))

    @pytest.mark.parametrize("shape", [(4, 10), (10, 4), (5, 10)])
    def test_the_square_in_the_middle_is_kept(self, shape):
        frames = torch.zeros(1, *shape, 3, dtype=torch.uint8)
        short = min(shape)
        top, left = (shape[0] - short) // 2, (shape[1] - short) // 2
        frames[:, top : top + short, left : left + short] = 255
        levels = gray_levels(clip_pixels(frames, 8))
        torch.testing.assert_close(levels, torch.full((1, 8, 8, 3), 255.0), atol=1e-3, rtol=0)

    def test_a_ribbon_does_not_grow(self):
        assert clip_pixels(random_frames(1, 1, 5000), 32).shape == (1, 3, 32, 32)


def test_without_the_extra_the_message_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"videospace\[semantic\]"):
        ClipFrameEncoder("openai/clip-vit-base-patch32")


def save_tiny_clip(folder, *, seed=0, num_attention_heads=4):
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    torch.manual_seed(seed)
    config = CLIPVisionConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=num_attention_heads,
        image_size=16,
        patch_size=8,
        projection_dim=24,
    )
    CLIPVisionModelWithProjection(config).save_pretrained(folder)
    return folder


@pytest.mark.semantic
class TestClipFrameEncoder:
    def test_features_equal_those_of_the_library(self, tmp_path):
        from transformers import CLIPVisionModelWithProjection

        encoder = ClipFrameEncoder(save_tiny_clip(tmp_path / "clip"))
        tower = CLIPVisionModelWithProjection.from_pretrained(tmp_path / "clip").eval()
        frames = random_frames()
        with torch.no_grad():
            expected = tower(pixel_values=clip_pixels(frames, 16)).image_embeds
        features = encoder.encode(frames)
        torch.testing.assert_close(features, expected)
        assert features.shape == (3, encoder.width) == (3, 24)
        assert not features.requires_grad

    def test_features_can_train_what_comes_after_them(self, tmp_path):
        encoder = ClipFrameEncoder(save_tiny_clip(tmp_path / "clip"))
        layer = torch.nn.Linear(24, 2)
        layer(encoder.encode(random_frames())).sum().backward()
        assert layer.weight.grad is not None
        assert layer.weight.grad.abs().sum() > 0

    def test_the_name_follows_weights_and_settings(self, tmp_path):
        name = ClipFrameEncoder(save_tiny_clip(tmp_path / "a")).name
        assert name == ClipFrameEncoder(str(save_tiny_clip(tmp_path / "same"))).name
        assert name != ClipFrameEncoder(save_tiny_clip(tmp_path / "b", seed=1)).name
        more_heads = save_tiny_clip(tmp_path / "heads", num_attention_heads=8)
        assert name != ClipFrameEncoder(more_heads).name
        assert name.replace("-", "").isalnum()

    def test_mean_and_deviation_come_from_the_preprocessor_where_there_is_one(self, tmp_path):
        folder = save_tiny_clip(tmp_path / "clip")
        frames = random_frames()
        published = ClipFrameEncoder(folder)
        settings = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.1, 0.2, 0.3]}
        (folder / "preprocessor_config.json").write_text(json.dumps(settings))
        other = ClipFrameEncoder(folder)
        assert other.name != published.name
        assert not torch.allclose(other.encode(frames), published.encode(frames))

    def test_a_whole_clip_model_in_half_precision_serves_too(self, tmp_path, capsys):
        from transformers import CLIPConfig, CLIPModel, CLIPVisionConfig

        vision = CLIPVisionConfig.from_pretrained(save_tiny_clip(tmp_path / "tower")).to_dict()
        text = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
        config = CLIPConfig(
            text_config={**text, "num_attention_heads": 2, "vocab_size": 30},
            vision_config=vision,
            projection_dim=24,
        )
        CLIPModel(config).half().save_pretrained(tmp_path / "whole")
        capsys.readouterr()
        features = ClipFrameEncoder(tmp_path / "whole").encode(random_frames())
        assert features.dtype == torch.float32
        assert features.isfinite().all()
        captured = capsys.readouterr()
        assert captured.out + captured.err == ""

    def test_weights_that_are_missing_are_never_made_up(self, tmp_path):
        from safetensors.torch import load_file, save_file

        folder = save_tiny_clip(tmp_path / "clip")
        weights = load_file(folder / "model.safetensors")
        del weights["visual_projection.weight"]
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(UserError, match=r"visual_projection\.weight"):
            ClipFrameEncoder(folder)

    @pytest.mark.parametrize("damage", ["truncated", "absent", "pickled", "no configuration"])
    def test_a_folder_that_is_no_clip(self, tmp_path, damage):
        folder = save_tiny_clip(tmp_path / "clip")
        weights = folder / "model.safetensors"
        if damage == "truncated":
            weights.write_bytes(weights.read_bytes()[:1000])
        elif damage == "absent":
            weights.unlink()
        elif damage == "pickled":
            torch.save({}, folder / "pytorch_model.bin")
            weights.unlink()
        else:
            (folder / "config.json").unlink()
        with pytest.raises(UserError, match="cannot load CLIP weights") as caught:
            ClipFrameEncoder(folder)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("source", ["./nowhere", "nowhere", "/nowhere/at/all"])
    def test_a_folder_that_is_not_there(self, source):
        with pytest.raises(UserError, match=f"got '{source}'"):
            ClipFrameEncoder(source)

    def test_a_hub_that_does_not_answer(self, monkeypatch):
        from transformers import CLIPVisionModelWithProjection

        def fail(*args, **kwargs):
            raise OSError("We couldn't connect\nCheck your internet connection")

        monkeypatch.setattr(CLIPVisionModelWithProjection, "from_pretrained", fail)
        with pytest.raises(UserError, match="We couldn't connect"):
            ClipFrameEncoder("owner/model")
