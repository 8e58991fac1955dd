import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.support.toy_spaces import CONSTANT

from videospace.inrv.space.files import FIRST_MODULES, FORMAT_VERSION
from videospace.inrv.space.video_space import VideoSpace
from videospace.metrics.fidelity import fidelity
from videospace.runtime import checkpoint
from videospace.runtime.errors import UserError
from videospace.runtime.reading.renamed import with_renamed_modules

FILES = ["README.md", "codes.safetensors", "config.json", "model.safetensors"]


@pytest.fixture
def folder(tmp_path, make_space):
    """A saved space."""
    make_space().save_pretrained(tmp_path / "space")
    return tmp_path / "space"


def edit_config(folder, change):
    path = folder / "config.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def edit_tensors(path, change):
    tensors, metadata = checkpoint.load_tensors(path)
    change(tensors)
    save_file(tensors, path, metadata)


def refusal(folder):
    with pytest.raises(UserError) as caught:
        VideoSpace.from_pretrained(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


class TestRoundTrip:
    def test_every_bit_comes_back(self, folder, make_space):
        space, opened = make_space(), VideoSpace.from_pretrained(str(folder))
        assert opened.ids == space.ids
        assert (opened.clip, opened.scores) == (space.clip, space.scores)
        assert torch.equal(opened.latents, space.latents)
        assert opened.model.config == space.model.config
        for name, value in space.model.state_dict().items():
            assert torch.equal(opened.model.state_dict()[name], value)
        assert opened.fingerprint() == space.fingerprint()
        assert np.array_equal(opened.render(opened.latents), space.render(space.latents))

    def test_saving_again_writes_the_same_bytes(self, folder, tmp_path):
        VideoSpace.from_pretrained(folder).save_pretrained(tmp_path / "again")
        assert sorted(os.listdir(folder)) == sorted(os.listdir(tmp_path / "again")) == FILES
        for name in FILES:
            assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()

    def test_saving_over_another_space_replaces_it(self, folder, make_space):
        other = make_space(num_clips=2, size=(3, 5, 5))
        other.save_pretrained(folder)
        assert sorted(os.listdir(folder)) == FILES
        opened = VideoSpace.from_pretrained(folder)
        assert (opened.clip, opened.ids) == (other.clip, other.ids)

    def test_ids_of_any_script(self, tmp_path, make_space):
        space = make_space(num_clips=2)
        VideoSpace(space.model, space.latents, ["naïve café", "日本"], space.clip).save_pretrained(
            tmp_path
        )
        assert VideoSpace.from_pretrained(tmp_path).ids == ["naïve café", "日本"]

    def test_a_semantic_model(self, tmp_path, make_space, semantic_config):
        make_space(model=semantic_config.model).save_pretrained(tmp_path)
        assert VideoSpace.from_pretrained(tmp_path).model.config == semantic_config.model

    def test_a_semantic_model_of_version_0_1(self, tmp_path, make_space, semantic_config):
        space = make_space(model=semantic_config.model)
        space.save_pretrained(tmp_path)
        path = tmp_path / "model.safetensors"
        tensors, metadata = checkpoint.load_tensors(path)
        tensors = with_renamed_modules(tensors, FIRST_MODULES)
        assert {"mixer.mix.0.weight", "mixer.video_clip.recurrence.bias_hh_l0"} < tensors.keys()
        save_file(tensors, path, metadata)
        edit_config(tmp_path, lambda content: content.update(format_version=2))
        opened = VideoSpace.from_pretrained(tmp_path)
        assert np.array_equal(opened.render(opened.latents), space.render(space.latents))
        tie = checkpoint.load_tensors(tmp_path / "codes.safetensors")[1]["model"]
        assert opened.fingerprint() == space.fingerprint() == tie == checkpoint.fingerprint(tensors)

    def test_a_model_of_several_keyframes(self, tmp_path, make_space, keyframes_model):
        space = make_space(model=keyframes_model)
        space.save_pretrained(tmp_path)
        opened = VideoSpace.from_pretrained(tmp_path)
        assert opened.model.config == keyframes_model
        assert torch.equal(opened.latents, space.latents)
        assert opened.latents.shape == (4, 18)
        assert np.array_equal(opened.render(opened.latents), space.render(space.latents))
        assert (
            "- latent: 6 numbers at each of 3 keyframes\n" in (tmp_path / "README.md").read_text()
        )

    def test_a_model_with_a_constant_part(self, tmp_path, make_space, make_model):
        space = make_space(model=make_model(latent=CONSTANT))
        space.save_pretrained(tmp_path)
        opened = VideoSpace.from_pretrained(tmp_path)
        assert np.array_equal(opened.render(opened.latents), space.render(space.latents))
        assert "5 constant numbers" in (tmp_path / "README.md").read_text()

    def test_a_space_written_before_there_were_constant_parts(self, folder):
        latents = VideoSpace.from_pretrained(folder).latents
        edit_config(folder, lambda content: content["model"]["latent"].pop("constant_width"))
        edit_config(folder, lambda content: content.update(format_version=4))
        assert torch.equal(VideoSpace.from_pretrained(folder).latents, latents)

    def test_another_number_of_keyframes_than_the_latents_have(
        self, tmp_path, make_space, keyframes_model
    ):
        make_space(model=keyframes_model).save_pretrained(tmp_path)
        edit_config(tmp_path, lambda content: content["model"]["latent"].update(num_keyframes=2))
        assert "expected latents of 12 numbers in float32" in refusal(tmp_path)

    def test_a_space_written_before_there_were_keyframes(self, folder):
        latents = VideoSpace.from_pretrained(folder).latents
        edit_config(folder, lambda content: content["model"]["latent"].pop("num_keyframes"))
        edit_config(folder, lambda content: content.update(format_version=2))
        opened = VideoSpace.from_pretrained(folder)
        assert opened.model.config.latent.num_keyframes == 1
        assert torch.equal(opened.latents, latents)

    def test_a_space_of_the_first_version(self, folder):
        edit_config(folder, lambda content: content.update(format_version=1))
        edit_config(folder, lambda content: content.pop("about"))
        assert VideoSpace.from_pretrained(folder).about == ""

    def test_what_it_is_about(self, tmp_path, make_space):
        space = make_space()
        space.about = "Squares that move."
        space.save_pretrained(tmp_path)
        assert VideoSpace.from_pretrained(tmp_path).about == "Squares that move."
        assert "\nSquares that move.\n" in (tmp_path / "README.md").read_text()

    def test_the_card_says_what_it_is(self, folder):
        card = (folder / "README.md").read_text()
        assert "4 clips of 4 frames, 6×8 px, 12.5 frames per second" in card
        assert "| psnr_db | 30.25 |" in card
        assert "- latent: 6 numbers\n" in card
        assert "INR: 2 hidden layers of 8 units, sine" in card

    def test_the_card_of_a_space_without_scores(self, tmp_path, make_space):
        space = make_space()
        space.scores = {}
        space.save_pretrained(tmp_path)
        assert "Not measured." in (tmp_path / "README.md").read_text()

    def test_a_device_that_is_not_there(self, folder):
        with pytest.raises(UserError, match="warp:3"):
            VideoSpace.from_pretrained(folder, "warp:3")


class TestHalfPrecision:
    def test_files_of_half_the_size_and_renders_that_agree(self, folder, tmp_path, make_space):
        space = make_space()
        space.save_pretrained(tmp_path / "half", precision="float16")
        for name in ("model", "codes"):
            tensors, _ = checkpoint.load_tensors(tmp_path / "half" / f"{name}.safetensors")
            assert {value.dtype for value in tensors.values()} <= {torch.float16, torch.uint8}
            whole, half = (
                sum(value.nbytes for value in load_file(path / f"{name}.safetensors").values())
                for path in (folder, tmp_path / "half")
            )
            assert half < 0.65 * whole  # the ids take their bytes, too
        opened = VideoSpace.from_pretrained(tmp_path / "half")
        assert {opened.latents.dtype, next(opened.model.parameters()).dtype} == {torch.float32}
        assert torch.equal(opened.latents, space.latents.half().float())
        videos = [torch.from_numpy(some.render(space.latents)) for some in (space, opened)]
        assert fidelity(*videos).psnr_db.min() > 50

    def test_what_is_read_is_what_codes_and_encoders_are_tied_to(self, tmp_path, make_space):
        make_space().save_pretrained(tmp_path / "half", precision="float16")
        opened = VideoSpace.from_pretrained(tmp_path / "half")
        _, tie = checkpoint.load_tensors(tmp_path / "half" / "codes.safetensors")
        assert tie == {"model": opened.fingerprint()} != {"model": make_space().fingerprint()}
        opened.save_pretrained(tmp_path / "whole")
        again = VideoSpace.from_pretrained(tmp_path / "whole")
        assert again.fingerprint() == opened.fingerprint()
        assert torch.equal(again.latents, opened.latents)
        opened.save_pretrained(tmp_path / "again", precision="float16")
        for name in FILES:
            halves = (tmp_path / folder / name for folder in ("half", "again"))
            assert next(halves).read_bytes() == next(halves).read_bytes()

    def test_a_number_that_half_precision_does_not_hold(self, tmp_path, make_space):
        space = make_space()
        space.latents[1, 2] = 1e5
        space.save_pretrained(tmp_path / "space")
        before = (tmp_path / "space" / "codes.safetensors").read_bytes()
        with pytest.raises(UserError, match="latents in float16"):
            space.save_pretrained(tmp_path / "space", precision="float16")
        assert (tmp_path / "space" / "codes.safetensors").read_bytes() == before


class TestDamage:
    def test_no_space_at_all(self, tmp_path):
        assert f"no folder '{tmp_path / 'gone'}'" in refusal(tmp_path / "gone")
        assert "no config.json" in refusal(tmp_path)

    @pytest.mark.parametrize("name", ["model.safetensors", "codes.safetensors"])
    def test_a_file_is_missing(self, folder, name):
        (folder / name).unlink()
        assert name in refusal(folder)

    @pytest.mark.parametrize("name", ["model.safetensors", "codes.safetensors"])
    @pytest.mark.parametrize("fraction", [0.0, 0.01, 0.5, 0.999])
    def test_a_file_is_cut_short(self, folder, name, fraction):
        path = folder / name
        path.write_bytes(path.read_bytes()[: int(fraction * path.stat().st_size)])
        assert f"'{path}' is damaged" in refusal(folder)

    def test_a_file_is_something_else(self, folder):
        (folder / "model.safetensors").write_bytes(b"GIF89a, and then some more bytes")
        assert "is damaged" in refusal(folder)

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_weights_that_are_not_finite(self, folder, value):
        edit_tensors(
            folder / "model.safetensors",
            lambda tensors: tensors["hypernetwork.base_biases.0"][2:3].fill_(value),
        )
        assert "hypernetwork.base_biases.0 holds numbers that are not finite" in refusal(folder)

    @pytest.mark.parametrize("value", [float("nan"), float("-inf")])
    def test_latents_that_are_not_finite(self, folder, value):
        edit_tensors(
            folder / "codes.safetensors", lambda tensors: tensors["latents"][1, 2:3].fill_(value)
        )
        assert "latents holds numbers that are not finite" in refusal(folder)

    def test_latents_of_another_width(self, folder):
        def widen(tensors):
            tensors["latents"] = torch.zeros(4, 7)

        edit_tensors(folder / "codes.safetensors", widen)
        assert "of shape (4, 7)" in refusal(folder)

    def test_latents_of_another_type(self, folder):
        def double(tensors):
            tensors["latents"] = tensors["latents"].double()

        edit_tensors(folder / "codes.safetensors", double)
        assert "got torch.float64 of shape (4, 6)" in refusal(folder)

    def test_fewer_ids_than_latents(self, folder):
        def shorten(tensors):
            tensors["ids"] = tensors["ids"][:11].clone()

        edit_tensors(folder / "codes.safetensors", shorten)
        assert "4 different clip ids, got 2" in refusal(folder)

    def test_ids_that_are_no_text(self, folder):
        edit_tensors(folder / "codes.safetensors", lambda tensors: tensors["ids"][3:4].fill_(0xFF))
        assert "UTF-8" in refusal(folder)

    @pytest.mark.parametrize("name", ["latents", "ids"])
    def test_codes_that_lack_a_part(self, folder, name):
        edit_tensors(folder / "codes.safetensors", lambda tensors: tensors.pop(name))
        assert "expected latents and ids" in refusal(folder)

    def test_a_flipped_bit_of_a_weight_is_noticed(self, folder):
        path = folder / "model.safetensors"
        data = bytearray(path.read_bytes())
        data[-5] ^= 1
        path.write_bytes(data)
        assert "belongs to other weights" in refusal(folder)

    def test_a_flipped_bit_of_a_latent_is_a_legal_latent(self, folder):
        before = VideoSpace.from_pretrained(folder).latents
        edit_tensors(folder / "codes.safetensors", lambda t: t["latents"][0, :1].add_(1e-3))
        after = VideoSpace.from_pretrained(folder).latents
        assert (after != before).sum() == 1

    def test_latents_of_other_weights(self, folder, tmp_path, make_space):
        other = make_space()
        for parameter in other.model.parameters():
            parameter.mul_(1.01)
        other.save_pretrained(tmp_path / "other")
        shutil.copy(tmp_path / "other" / "codes.safetensors", folder)
        assert "belongs to other weights" in refusal(folder)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda t: t.pop("hypernetwork.base_biases.0"), "lacks tensors"),
            (lambda t: t.update(surprise=torch.ones(1)), "surprise"),
            (
                lambda t: t.update({"hypernetwork.base_biases.0": torch.ones(3)}),
                "got (3,)",
            ),
        ],
    )
    def test_weights_of_another_model(self, folder, change, message):
        edit_tensors(folder / "model.safetensors", change)
        assert message in refusal(folder)


class TestConfig:
    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda c: c.update(color=1), "'color'"),
            (lambda c: c.pop("scores"), "'scores'"),
            (lambda c: c.update(scores=[1]), "scores"),
            (lambda c: c.pop("about"), "'about'"),
            (lambda c: c.update(about=["balls"]), "about"),
            (
                lambda c: c["model"].update(color=1),
                "'color'",
            ),
            (lambda c: c["model"].pop("inr"), "lacks the field 'inr'"),
            (
                lambda c: c["model"]["inr"].update(hidden_width="8"),
                "model.inr.hidden_width",
            ),
            (
                lambda c: c["model"]["inr"].update(hidden_width=8.5),
                "model.inr.hidden_width",
            ),
            (
                lambda c: c["model"]["inr"].update(activation="tanh"),
                "model.inr.activation",
            ),
            (lambda c: c["model"].update(inr=3), "model.inr"),
            (lambda c: c["clip"].update(fps=True), "clip.fps"),
            (lambda c: c["clip"].update(height=0), "clip.height"),
            (lambda c: c["clip"].update(fps=float("nan")), "NaN"),
            (lambda c: c.update(clip=None), "clip"),
            (lambda c: c["model"]["inr"].update(hidden_width=-8), "model.inr.hidden_width"),
            (lambda c: c.update({"class": "Recognizer"}), "configuration of a VideoSpace"),
            (lambda c: c.update(format_version="1"), "configuration of a VideoSpace"),
            (
                lambda c: c.update(format_version=FORMAT_VERSION + 1),
                "pip install --upgrade",
            ),
        ],
    )
    def test_fields_that_are_not_right(self, folder, change, message):
        edit_config(folder, change)
        text = refusal(folder)
        assert message in text
        assert "config.json'" in text

    @pytest.mark.parametrize("text", ["", "{", "[]", "\xff\xfe", '"a space"'])
    def test_no_json_object(self, folder, text):
        (folder / "config.json").write_bytes(text.encode("latin-1"))
        assert "JSON" in refusal(folder)

    def test_whole_numbers_may_stand_for_broken_ones(self, folder):
        edit_config(folder, lambda c: c["clip"].update(fps=25))
        fps = VideoSpace.from_pretrained(folder).clip.fps
        assert (fps, type(fps)) == (25.0, float)


def test_what_is_written_is_readable_by_safetensors_alone(folder):
    tensors = load_file(Path(folder) / "codes.safetensors")
    assert tensors["latents"].shape == (4, 6)
    assert bytes(tensors["ids"].tolist()).decode().split("\n")[0] == "toy-0"
