"""Latent files where a command takes clip ids, as a user would call it."""

import shlex
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from videospace.cli import main
from videospace.inrv.model.hypernetwork import HypernetworkConfig
from videospace.inrv.model.inr import InrConfig, Layer
from videospace.inrv.model.inrv_model import InrvModel, ModelConfig
from videospace.inrv.model.latents import LatentConfig
from videospace.inrv.space.latent_files import LatentFile, save_latents
from videospace.inrv.space.video_space import ClipShape, VideoSpace

MODEL = ModelConfig(
    latent=LatentConfig(width=6),
    inr=InrConfig(hidden_width=8, num_hidden_layers=2),
    hypernetwork=HypernetworkConfig(hidden_width=8, initial_difference=1.0),  # clips differ
)
UNSEEN = torch.linspace(-2, 2, 18).view(3, 6)


def random_space() -> VideoSpace:
    shape = ClipShape(num_frames=4, height=12, width=16, fps=25.0)
    return VideoSpace(InrvModel(MODEL), torch.randn(3, 6), ["a", "b", "c"], shape)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A space, latent files of it, and one of another space."""
    folder = tmp_path_factory.mktemp("latent-files")
    torch.manual_seed(3)
    space, other = random_space(), random_space()
    space.save_pretrained(folder / "space")
    names = ["x.mp4", "y.mp4", "z.mp4"]
    # As if refinement had led from each latent to the clip of another.
    there, here = space.model.inrs(UNSEEN.flip(0)).layers, space.model.inrs(UNSEEN).layers
    weight_offsets = [
        Layer(goal.weight - start.weight, goal.bias - start.bias)
        for goal, start in zip(there, here, strict=True)
    ]
    files = {
        "three.npz": LatentFile(latents=UNSEEN, names=names),
        "one.npz": LatentFile(latents=UNSEEN[:1], names=["x.mp4"], fps=50.0),
        "refined.npz": LatentFile(latents=UNSEEN, names=names, weight_offsets=weight_offsets),
    }
    for name, content in files.items():
        save_latents(folder / name, content, space)
    save_latents(folder / "other.npz", files["three.npz"], other)
    with np.load(folder / "one.npz") as file:
        not_finite = {**file, "latents": np.full((1, 6), np.nan, np.float32)}
    np.savez(folder / "nan.npz", **not_finite)
    (folder / "film.npz").write_bytes(b"GIF89a")
    return folder


@pytest.fixture(scope="module")
def space(folder: Path) -> VideoSpace:
    return VideoSpace.from_pretrained(folder / "space")


def run(command: str, folder: Path) -> int:
    """Call the program with paths relative to a folder."""
    return main([word.replace("@", f"{folder}/") for word in shlex.split(command)])


def rendered(command: str, folder: Path) -> np.ndarray:
    assert run(f"{command} --precision float32 --out @out.npy", folder) == 0
    return np.load(folder / "out.npy")


def same_picture(one: np.ndarray, other: np.ndarray) -> bool:
    """But for the last digit: a batch of another size may add up in another order."""
    return one.shape == other.shape and np.abs(one.astype(int) - other).max() <= 1


class TestReconstruct:
    def test_all_latents_of_a_file(self, folder: Path, space: VideoSpace) -> None:
        videos = rendered("reconstruct @space --clips @three.npz", folder)
        assert np.array_equal(videos, space.render(UNSEEN))

    def test_ids_files_and_parts_of_files(self, folder: Path, space: VideoSpace) -> None:
        clips = "@three.npz:z.mp4 b @three.npz:0 @one.npz"
        videos = rendered(f"reconstruct @space --clips {clips}", folder)
        latents = torch.stack([UNSEEN[2], space.latent("b"), UNSEEN[0], UNSEEN[0]])
        assert np.array_equal(videos, space.render(latents))

    def test_refined_weights_are_what_is_shown(self, folder: Path, space: VideoSpace) -> None:
        videos = rendered("reconstruct @space --clips @refined.npz --height 24", folder)
        assert same_picture(videos, space.render(UNSEEN.flip(0), height=24))
        assert not same_picture(videos, space.render(UNSEEN, height=24))

    def test_refined_weights_beside_clips_without(self, folder: Path, space: VideoSpace) -> None:
        clips = "a @refined.npz:x.mp4 @three.npz:x.mp4"
        videos = rendered(f"reconstruct @space --clips {clips}", folder)
        shown = torch.stack([space.latent("a"), UNSEEN[2], UNSEEN[0]])
        assert same_picture(videos, space.render(shown))

    def test_the_mean_is_one_clip_without_refined_weights(
        self, folder: Path, space: VideoSpace
    ) -> None:
        mean = rendered("reconstruct @space --clips a @refined.npz --mean", folder)
        latents = torch.cat([space.latents[:1], UNSEEN])
        assert same_picture(mean, space.render(space.mean(latents)[None]))

    def test_a_folder_of_videos_has_the_names_of_the_file(self, folder: Path) -> None:
        assert run("reconstruct @space --clips @three.npz a --out @films", folder) == 0
        names = sorted(path.name for path in (folder / "films").iterdir())
        assert names == ["a.mp4", "x.mp4.mp4", "y.mp4.mp4", "z.mp4.mp4"]

    @pytest.mark.parametrize(
        ("options", "num_frames", "fps"),
        [
            ("--clips @one.npz", 4, 50),
            ("--clips @one.npz --fps 100", 7, 100),
            ("--clips @one.npz --frames 9", 9, 50),
            ("--clips @three.npz", 4, 25),
            ("--clips @one.npz @three.npz", 4, 25),
        ],
    )
    def test_a_clip_keeps_its_rate(
        self, folder: Path, options: str, num_frames: int, fps: int
    ) -> None:
        assert run(f"reconstruct @space {options} --out @film.mp4", folder) == 0
        with av.open(str(folder / "film.mp4")) as video:
            assert video.streams.video[0].average_rate == fps
            assert len(list(video.decode(video=0))) == num_frames

    def test_without_clips_it_is_the_space(self, folder: Path, space: VideoSpace) -> None:
        videos = rendered("reconstruct @space", folder)
        assert np.array_equal(videos, space.render(space.latents))

    def test_in_bfloat16_it_is_nearly_the_same(self, folder: Path, space: VideoSpace) -> None:
        assert run("reconstruct @space --precision bfloat16 --out @out.npy", folder) == 0
        rounded = np.load(folder / "out.npy")
        frames = space.render_frames(space.latents, precision="bfloat16")
        assert np.array_equal(rounded, np.stack([frame.copy() for frame in frames], axis=1))
        plain = space.render(space.latents)
        assert not np.array_equal(rounded, plain)
        assert np.square(rounded.astype(float) - plain).mean() < 0.5


class TestInterpolate:
    def test_between_two_unseen_videos(self, folder: Path, space: VideoSpace) -> None:
        videos = rendered("interpolate @space @one.npz @three.npz:2 --steps 3", folder)
        expected = space.interpolate(UNSEEN[0], UNSEEN[2], steps=3)
        assert np.array_equal(videos, space.render(expected))
        assert same_picture(videos[[0, 2]], space.render(UNSEEN[[0, 2]]))

    def test_from_a_clip_to_an_unseen_video(self, folder: Path, space: VideoSpace) -> None:
        videos = rendered("interpolate @space b @three.npz:y.mp4 --steps 5 --path lerp", folder)
        expected = space.interpolate("b", UNSEEN[1], steps=5, path="lerp")
        assert np.array_equal(videos, space.render(expected))

    def test_only_the_latents_count(self, folder: Path) -> None:
        ways = [
            rendered(f"interpolate @space @{name}.npz:0 @{name}.npz:1 --steps 3", folder)
            for name in ("refined", "three")
        ]
        assert np.array_equal(*ways)

    def test_the_rate_of_the_clips(self, folder: Path, capsys: pytest.CaptureFixture) -> None:
        assert run("interpolate @space @one.npz @one.npz --steps 2 --out @out.npy", folder) == 0
        assert "at 50 frames per second" in capsys.readouterr().out
        assert run("interpolate @space @one.npz a --steps 2 --out @out.npy", folder) == 0
        assert "at 25 frames per second" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("reconstruct @space --clips a @none.npz", "no latent file '"),
        ("reconstruct @space --clips @other.npz", "belongs to the space with the fingerprint"),
        ("reconstruct @space --clips @nan.npz", "latents holds numbers that are not finite"),
        ("interpolate @space a @nan.npz", "latents holds numbers that are not finite"),
        ("reconstruct @space --clips @film.npz", "is damaged or no latent file"),
        ("reconstruct @space --clips @three.npz:w.mp4", "no latent 'w.mp4' among the 3 of '"),
        ("interpolate @space @three.npz a", "holds 3 latents: choose one, as "),
        ("interpolate @space a @other.npz:0", "invert the video again in this one"),
        ("interpolate @space a three.npy", "no clip 'three.npy' among the 3 of this space"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    folder: Path, command: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(f"{command} --out @never.npy", folder) == 2
    said = capsys.readouterr().err.strip()
    assert message in said
    assert "\n" not in said
    assert not (folder / "never.npy").exists()


@pytest.mark.parametrize("name", ["reconstruct", "interpolate"])
def test_the_help_says_what_a_latent_file_is_called(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([name, "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "FILE.npz:NAME" in said
    assert "latent file" in said
