import contextlib
import functools
import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig, Layer
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.latent_files import (
    FORMAT_VERSION,
    LatentFile,
    load_latents,
    save_latents,
)
from videospace.inrv.space.video_space import ClipShape, VideoSpace
from videospace.runtime.errors import UserError

MODEL = ModelConfig(
    latent=LatentConfig(width=6),
    inr=InrConfig(hidden_width=4, num_hidden_layers=1),
    hypernetwork=HypernetworkConfig(hidden_width=4),
)


@functools.cache
def toy_space() -> VideoSpace:
    """Not a fixture, so that property tests can have it; nothing changes it."""
    torch.manual_seed(2)
    shape = ClipShape(num_frames=3, height=4, width=5, fps=12.5)
    return VideoSpace(InrvModel(MODEL), torch.randn(3, 6), ["a", "b", "c"], shape)


def toy_content(num_clips: int = 2, refined: bool = True, **changes) -> LatentFile:
    latents = torch.linspace(-1, 1, 6 * num_clips).view(num_clips, 6)
    offsets = [
        Layer(weight + 0.5, bias - 0.25) for weight, bias in toy_space().model.inrs(latents).layers
    ]
    content = {
        "latents": latents,
        "names": [f"film-{number}.mp4" for number in range(num_clips)],
        "weight_offsets": offsets if refined else None,
        "fps": 29.97,
    }
    return LatentFile(**{**content, **changes})


def same(one: LatentFile, other: LatentFile) -> bool:
    """Bit for bit."""
    num_offsets = (one.weight_offsets is None, one.weight_offsets and len(one.weight_offsets))
    return (
        torch.equal(one.latents, other.latents)
        and (one.names, one.fps) == (other.names, other.fps)
        and num_offsets
        == (other.weight_offsets is None, other.weight_offsets and len(other.weight_offsets))
        and all(
            torch.equal(mine, theirs)
            for layer, twin in zip(
                one.weight_offsets or [], other.weight_offsets or [], strict=True
            )
            for mine, theirs in zip(layer, twin, strict=True)
        )
    )


def edited(path: Path, **changes) -> Path:
    """The file with some fields replaced, or taken out by None, by someone who knows numpy."""
    with np.load(path) as file:
        fields = {**file, **changes}
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})
    return path


@pytest.fixture
def path(tmp_path) -> Path:
    """A file of two latents with refined weights."""
    save_latents(tmp_path / "two.npz", toy_content(), toy_space())
    return tmp_path / "two.npz"


def refusal(path) -> str:
    with pytest.raises(UserError) as caught:
        load_latents(path, toy_space())
    message = str(caught.value)
    assert "\n" not in message
    return message


def refusal_to_save(path, **changes) -> str:
    with pytest.raises(UserError) as caught:
        save_latents(path, toy_content(**changes), toy_space())
    assert not path.exists()
    return str(caught.value)


class TestRoundTrip:
    # st.text() has every character but halves of surrogate pairs.
    @given(
        names=st.lists(st.text(max_size=9).filter(lambda name: name[-1:] != "\0"), min_size=1),
        refined=st.booleans(),
        fps=st.none() | st.floats(0.1, 1000),
    )
    def test_everything_comes_back(self, names, refined, fps, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "round-trip.npz"
        content = toy_content(len(names), refined, names=names, fps=fps)
        save_latents(path, content, toy_space())
        assert same(load_latents(path, toy_space()), content)

    def test_a_file_name_that_is_no_text(self, tmp_path):
        names = [os.fsdecode(b"caf\xe9.mp4")]
        save_latents(tmp_path / "a.npz", toy_content(1, names=names), toy_space())
        assert load_latents(tmp_path / "a.npz", toy_space()).names == names

    def test_only_arrays_that_numpy_reads_without_pickles(self, path):
        with np.load(path, allow_pickle=False) as file:
            assert set(file) == {
                *("format_version", "fingerprint", "latents", "names", "fps"),
                *("offset0_weight", "offset0_bias", "offset1_weight", "offset1_bias"),
            }
            assert file["format_version"] == FORMAT_VERSION
            assert file["fingerprint"] == toy_space().fingerprint()
            assert file["names"].tolist() == ["film-0.mp4", "film-1.mp4"]
            assert np.array_equal(file["latents"], toy_content().latents)

    def test_a_file_of_version_0_1_which_said_changes(self, path):
        with np.load(path) as file:
            fields = {name.replace("offset", "change"): file[name] for name in file}
        assert {"change0_weight", "change1_bias"} < fields.keys()
        np.savez(path, **{**fields, "format_version": np.array(1)})
        assert same(load_latents(path, toy_space()), toy_content())

    def test_the_name_that_the_field_had_in_version_0_1(self):
        content = toy_content()
        with pytest.warns(FutureWarning, match="weight_offsets"):
            old = LatentFile(latents=content.latents, names=["a", "b"], changes=[])
        assert old.weight_offsets == []

    def test_other_precisions_are_written_as_float32(self, tmp_path):
        content = toy_content(refined=False)
        double = toy_content(refined=False, latents=content.latents.double())
        save_latents(tmp_path / "a.npz", double, toy_space())
        assert same(load_latents(tmp_path / "a.npz", toy_space()), content)

    def test_a_text_path_and_a_folder_that_is_not_there_yet(self, tmp_path):
        save_latents(f"{tmp_path}/new/er/a.NPZ", toy_content(), toy_space())
        assert same(load_latents(f"{tmp_path}/new/er/a.NPZ", toy_space()), toy_content())
        assert os.listdir(tmp_path / "new" / "er") == ["a.NPZ"]

    def test_an_interrupt_leaves_the_old_file(self, path, monkeypatch):
        def write_half_and_stop(file, **arrays):
            file.write(b"half")
            raise KeyboardInterrupt

        monkeypatch.setattr(np, "savez", write_half_and_stop)
        with pytest.raises(KeyboardInterrupt):
            save_latents(path, toy_content(1), toy_space())
        monkeypatch.undo()
        assert same(load_latents(path, toy_space()), toy_content())
        assert os.listdir(path.parent) == ["two.npz"]


class TestOtherFiles:
    def test_another_space(self, path):
        model = InrvModel(MODEL)
        other = VideoSpace(model, torch.randn(1, 6), ["a"], toy_space().clip)
        assert other.fingerprint() != toy_space().fingerprint()
        with pytest.raises(UserError, match=toy_space().fingerprint()):
            load_latents(path, other)

    def test_a_space_of_another_width_is_another_space(self, path, make_space):
        with pytest.raises(UserError, match="fingerprint"):
            load_latents(path, make_space())

    def test_a_newer_version_even_with_fields_that_we_do_not_know(self, path):
        newer = np.array(FORMAT_VERSION + 1)
        edited(path, format_version=newer, fingerprint=np.array("?"), seed=np.array(1))
        assert "pip install --upgrade videospace" in refusal(path)

    @pytest.mark.parametrize(
        "changes",
        [
            {"format_version": None},
            {"fingerprint": None},
            {"format_version": np.array("1")},
            {"format_version": np.array([1, 1])},
        ],
    )
    def test_arrays_of_something_else(self, path, changes):
        edited(path, **changes)
        assert "format_version or fingerprint" in refusal(path)

    def test_a_path_that_is_not_there(self, tmp_path):
        path = tmp_path / "none.npz"
        assert "does not exist" in refusal(path)

    def test_a_folder(self, tmp_path):
        assert "Is a directory" in refusal(tmp_path)

    @pytest.mark.parametrize("content", [b"", b"GIF89a", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
    def test_another_kind_of_file(self, tmp_path, content):
        path = tmp_path / "film.npz"
        path.write_bytes(content)
        assert "is damaged or no latent file" in refusal(path)

    def test_a_single_array(self, tmp_path):
        path = tmp_path / "film.npz"
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
        assert "is damaged or no latent file (" in refusal(path)

    def test_a_zip_of_texts(self, tmp_path):
        path = tmp_path / "film.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("format_version", "1")
            archive.writestr("fingerprint.npy", "1")
        assert "no latent file" in refusal(path)

    def test_a_pickle_is_not_opened(self, path, tmp_path):
        edited(path, names=np.array([MakesFolder(tmp_path / "hacked")], dtype=object))
        with np.load(path, allow_pickle=True) as file:
            assert pickle.PROTO in file.zip.read("names.npy")  # there is one to fall for
        assert "object" in refusal(path)
        assert not (tmp_path / "hacked").exists()


class MakesFolder:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@functools.cache
def file_bytes() -> bytes:
    path = io.BytesIO()
    names, version = np.array(["film-0", "b"]), np.array(FORMAT_VERSION)
    latents = toy_content().latents.numpy()
    owner = np.array(toy_space().fingerprint())
    fields = {"names": names, "latents": latents, "fps": np.array(25.0)}
    np.savez(path, format_version=version, fingerprint=owner, **fields)
    return path.getvalue()


class TestDamage:
    def test_the_file_to_be_damaged_is_sound(self, tmp_path):
        (tmp_path / "a.npz").write_bytes(file_bytes())
        content = toy_content(refined=False, names=["film-0", "b"], fps=25.0)
        assert same(load_latents(tmp_path / "a.npz", toy_space()), content)

    @given(cut=st.integers(0, len(file_bytes()) - 1))
    def test_a_file_cut_short(self, cut, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "cut.npz"
        path.write_bytes(file_bytes()[:cut])
        assert "is damaged or no latent file (" in refusal(path)

    @given(where=st.integers(0, len(file_bytes()) - 1), value=st.integers(0, 255))
    def test_another_byte_is_found_or_does_no_harm(self, where, value, tmp_path_factory):
        path = tmp_path_factory.getbasetemp() / "byte.npz"
        content = bytearray(file_bytes())
        content[where] = value
        path.write_bytes(content)
        expected = toy_content(refined=False, names=["film-0", "b"], fps=25.0)
        with contextlib.suppress(UserError):  # anything else comes through
            assert same(load_latents(path, toy_space()), expected)

    def test_a_changed_number_is_found_by_its_checksum(self, path):
        content = bytearray(path.read_bytes())
        content[content.index(toy_content().latents.numpy().tobytes())] ^= 1
        path.write_bytes(content)
        assert "latents.npy" in refusal(path)

    def test_a_header_that_leaves_data_over(self, tmp_path):
        assert file_bytes().count(b"'<U6'") == 1
        (tmp_path / "a.npz").write_bytes(file_bytes().replace(b"'<U6'", b"'<U3'"))
        assert "CRC" in refusal(tmp_path / "a.npz")


HALF = np.zeros((2, 6), np.float16)
BAD_FIELDS = [
    ({"latents": np.full((2, 6), np.nan, np.float32)}, "latents holds numbers"),
    ({"latents": np.full((2, 6), np.inf, np.float32)}, "latents holds numbers"),
    (
        {"latents": np.zeros((2, 7), np.float32)},
        "got float32 (2, 7)",
    ),
    ({"latents": np.zeros((3, 6), np.float32)}, "got float32 (3, 6)"),
    ({"latents": np.zeros(6, np.float32)}, "got float32 (6,)"),
    ({"latents": HALF}, "got float16 (2, 6)"),
    (
        {"offset1_weight": np.zeros((2, 3, 5), np.float32)},
        "offset1_weight of float32 (2, 3, 4)",
    ),
    ({"offset1_bias": np.zeros((1, 3), np.float32)}, "offset1_bias of float32 (2, 3)"),
    ({"offset0_bias": np.full((2, 4), np.nan, np.float32)}, "offset0_bias holds numbers"),
    ({"offset0_bias": None}, "'offset0_bias' is missing"),
    ({"offset2_bias": np.zeros((2, 3), np.float32)}, "'offset2_bias' is unknown"),
    ({"latents": None}, "'latents' is missing"),
    ({"names": None}, "'names' is missing"),
    ({"fps": None}, "'fps' is missing"),
    ({"color": np.array(1)}, "'color' is unknown"),
    ({"names": np.array(["a"])}, "for 1 names"),
    ({"names": np.array("a")}, "got <U1 ()"),
    ({"names": np.array([1, 2])}, "got int64 (2,)"),
    ({"names": np.zeros(0, "U1")}, "got <U1 (0,)"),
    ({"fps": np.array(-1.0)}, "fps above 0, got -1.0"),
    ({"fps": np.array(np.inf)}, "fps above 0, got inf"),
    ({"fps": np.array("25")}, "fps above 0, got 25"),
    ({"fps": np.array([25.0, 25.0])}, "fps above 0, got [25.0, 25.0]"),
]


@pytest.mark.parametrize(("changes", "message"), BAD_FIELDS)
def test_a_field_that_does_not_fit(path, changes, message):
    said = refusal(edited(path, **changes))
    assert said.startswith(f"'{path}': ")
    assert message in said


class TestSaving:
    @pytest.mark.parametrize("name", ["a", "a.npy", "a.npz.zip", ".npz"])
    def test_another_suffix(self, tmp_path, name):
        path = tmp_path / name
        assert ".npz" in refusal_to_save(path)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"latents": torch.full((2, 6), torch.nan)}, "latents holds numbers"),
            ({"latents": torch.full((2, 6), 1e39, dtype=torch.float64)}, "latents holds numbers"),
            ({"latents": torch.zeros(2, 7)}, "(2, 7)"),
            ({"names": ["a"]}, "for 1 names"),
            ({"latents": torch.zeros(0, 6), "names": []}, "at least one name"),
            ({"names": ["a", "b\0"]}, "NUL"),
            ({"fps": 0.0}, "fps above 0"),
            (
                {"weight_offsets": toy_content().weight_offsets[:1]},
                "'offset1_bias' is missing",
            ),
            (
                {"weight_offsets": toy_content().weight_offsets * 2},
                "'offset2_bias' is unknown",
            ),
            ({"weight_offsets": toy_content(3).weight_offsets}, "got float32 (3,"),
            (
                {
                    "weight_offsets": [
                        Layer(w * torch.inf, b) for w, b in toy_content().weight_offsets
                    ]
                },
                "offset0_weight holds numbers",
            ),
        ],
    )
    def test_a_content_that_no_one_could_load(self, tmp_path, changes, message):
        said = refusal_to_save(tmp_path / "a.npz", **changes)
        assert said.startswith(f"cannot save '{tmp_path / 'a.npz'}': ")
        assert message in said

    def test_a_disk_that_refuses(self, tmp_path):
        (tmp_path / "file").touch()
        assert refusal_to_save(tmp_path / "file" / "a.npz").startswith("cannot write '")
