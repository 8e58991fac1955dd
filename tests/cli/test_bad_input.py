"""Bad videos and masks, in every command that inverts."""

import re

import numpy as np
import pytest
from PIL import Image

COMMANDS = {
    "invert": "invert @space {} --out %out.npz",
    "complete": "complete @space {} --out %out.npy",
    "predict": "complete @space {} --out %out.npy --task predict",
    "upscale": "upscale @space {} --out %out.npy --size 24x32",
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def one_line(capsys) -> str:
    error = capsys.readouterr().err
    assert len(error.strip().splitlines()) == 1
    return error


class TestVideos:
    @every_command
    @pytest.mark.parametrize(
        ("kind", "reason"),
        [
            ("empty", "the file is empty"),
            ("text", "not a video, or cut off before its index"),
            ("truncated", "has no video stream"),
            ("absent", "no such file or folder"),
            ("no images", "the folder has no frames"),
            ("broken image", "the frame 0.png cannot be decoded"),
        ],
    )
    def test_what_cannot_be_read(self, films, tmp_path, call, capsys, command, kind, reason):
        path = tmp_path / "film.mp4"
        if kind in ("empty", "text"):
            path.write_bytes(b"" if kind == "empty" else b"once upon a time\n" * 99)
        elif kind == "truncated":
            content = (films / "long.mp4").read_bytes()
            path.write_bytes(content[:100])
        elif kind != "absent":
            path.mkdir()
            if kind == "broken image":
                (path / "0.png").write_bytes(b"\x89PNG no more")
        before = sorted(tmp_path.iterdir())
        assert call(command.format("%film.mp4")) == 2
        error = one_line(capsys)
        assert reason in error
        assert "film.mp4" in error
        assert sorted(tmp_path.iterdir()) == before

    def test_one_bad_video_among_several_is_named_before_the_work(self, tmp_path, call, capsys):
        (tmp_path / "bad.mp4").touch()
        assert call("invert @space @clip.mp4 %bad.mp4 @long.mp4 --out %out.npz") == 2
        assert "bad.mp4: the file is empty" in one_line(capsys)
        assert not (tmp_path / "out.npz").exists()

    def test_a_damaged_film_gives_what_is_whole(self, tmp_path, call, capsys, frames_as_images):
        folder = frames_as_images("film", np.full((9, 12, 16, 3), 90, np.uint8))
        broken = folder / "006.png"
        broken.write_bytes(broken.read_bytes()[:40])
        assert call("complete @space %film --out %out.npy") == 0
        assert np.load(tmp_path / "out.npy").shape == (1, 8, 12, 16, 3)
        said = capsys.readouterr().out
        assert "damaged: 1 frame" in said

    @pytest.mark.parametrize("command", ["complete", "upscale"])
    def test_a_film_cut_short(self, films, tmp_path, call, command):
        content = (films / "long.mp4").read_bytes()
        (tmp_path / "film.mp4").write_bytes(content[: len(content) // 3])
        assert call(COMMANDS[command].format("%film.mp4")) == 0
        assert 1 <= np.load(tmp_path / "out.npy").shape[1] < 40

    @every_command
    @pytest.mark.parametrize("size", [(1, 1), (1, 40), (9, 3)])
    def test_tiny_frames(self, tmp_path, call, frames_as_images, command, size):
        frames_as_images("film", np.full((4, *size, 3), 90, np.uint8))
        assert call(command.format("%film")) == 0
        if (tmp_path / "out.npy").exists():
            written = np.load(tmp_path / "out.npy")
            assert written.shape[:2] == (1, 4)

    @every_command
    def test_gray_frames_are_as_if_they_had_colors(self, tmp_path, call, frames_as_images, command):
        gray = np.random.default_rng(0).integers(0, 256, (4, 12, 16), dtype=np.uint8)
        frames_as_images("gray", gray)
        frames_as_images("rgb", np.repeat(gray[..., None], 3, axis=3))
        written = []
        for name in ("gray", "rgb"):
            assert call(command.format(f"%{name}")) == 0
            out = next(tmp_path.glob("out.*"))
            content = np.load(out)
            written.append(content["latents"] if out.suffix == ".npz" else content)
        np.testing.assert_array_equal(*written)

    @pytest.mark.parametrize("command", ["invert", "predict"])
    def test_short_films_are_said_to_be_short(self, call, capsys, command):
        assert call(COMMANDS[command].format("@short.mp4")) == 0
        assert "2 frames" in capsys.readouterr().out

    @pytest.mark.parametrize("command", ["complete", "upscale"])
    def test_short_films_stay_as_short_as_they_are(self, tmp_path, call, capsys, command):
        assert call(COMMANDS[command].format("@short.mp4")) == 0
        assert "2 frames" in capsys.readouterr().out
        assert np.load(tmp_path / "out.npy").shape[1] == 2

    @every_command
    def test_what_is_cropped_and_resized_is_said(self, call, capsys, frames_as_images, command):
        frames_as_images("wide", np.full((4, 24, 50, 3), 90, np.uint8))
        assert call(command.format("%wide")) == 0
        assert "0,9,24,32 of 24x50 px, resized to 12x16" in capsys.readouterr().out

    @pytest.mark.parametrize("command", ["invert", "complete"])
    def test_what_fits_is_not_spoken_of(self, call, capsys, frames_as_images, command):
        frames_as_images("film", np.full((4, 12, 16, 3), 90, np.uint8))
        assert call(COMMANDS[command].format("%film")) == 0
        assert "resized" not in capsys.readouterr().out


class TestMasks:
    @pytest.mark.parametrize("size", [(12, 16), (24, 32), (6, 8), (120, 160)])
    def test_masks_of_any_size_in_the_right_proportions(self, tmp_path, call, capsys, size):
        mask = np.zeros(size, np.uint8)
        mask[:, size[1] // 2 :] = 255
        Image.fromarray(mask).save(tmp_path / "mask.png")
        assert call("complete @space @clip.mp4 --out %out.npy --mask %mask.png") == 0
        assert "50%" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("level", "size", "message"),
        [
            (0, (12, 16), "expected light pixels"),
            (255, (12, 16), "nothing is observed"),
            (255, (16, 16), "got 16x16"),
        ],
    )
    def test_masks_that_make_no_sense(self, tmp_path, call, capsys, level, size, message):
        Image.fromarray(np.full(size, level, np.uint8)).save(tmp_path / "mask.png")
        assert call("complete @space @clip.mp4 --out %out.npy --mask %mask.png") == 2
        assert re.search(message, one_line(capsys))
        assert [path.name for path in tmp_path.iterdir()] == ["mask.png"]

    @pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n no more"])
    def test_files_that_are_no_masks(self, tmp_path, call, capsys, content):
        (tmp_path / "mask.png").write_bytes(content)
        assert call("complete @space @clip.mp4 --out %out.npy --mask %mask.png") == 2
        assert "mask.png" in one_line(capsys)

    @pytest.mark.parametrize(
        "task",
        [
            "--task sparse --fraction 1",
            "--task predict --observed 4",
            "--task interpolate --observed 0 1 2 3",
        ],
    )
    def test_where_all_is_observed_the_clip_is_reconstructed(self, tmp_path, call, task):
        assert call(f"complete @space @clip.mp4 --out %out.npy {task}") == 0
        assert np.load(tmp_path / "out.npy").shape == (1, 4, 12, 16, 3)

    def test_more_observed_frames_than_a_clip_has(self, call, capsys):
        assert call("complete @space @clip.mp4 --out %out.npy --task predict --observed 5") == 2
        assert "expected 1 to 4 observed frames" in one_line(capsys)


@every_command
def test_an_inversion_that_diverges_is_an_error(tmp_path, call, capsys, command):
    assert call(command.format("@clip.mp4") + " --learning-rate 1e30") == 2
    assert "diverged" in one_line(capsys)
    assert not list(tmp_path.iterdir())


def test_a_name_that_cannot_be_written_is_refused_before_the_inversion(call, capsys, monkeypatch):
    monkeypatch.setattr(
        "videospace.cli.inversion.completion_output.complete_clips", None
    )  # not callable
    assert call("complete @space @clip.mp4 --out %out.txt --task predict") == 2
    assert "out.txt" in one_line(capsys)


class TestOutput:
    @pytest.mark.parametrize("kind", ["same", "relative", "symbolic link", "hard link"])
    @pytest.mark.parametrize("command", ["complete", "upscale"])
    def test_it_never_replaces_an_input(self, films, tmp_path, call, capsys, command, kind):
        film, out = tmp_path / "film.mp4", tmp_path / "out.mp4"
        film.write_bytes((films / "long.mp4").read_bytes())
        if kind == "symbolic link":
            out.symlink_to(film)
        elif kind == "hard link":
            out.hardlink_to(film)
        else:
            out = film if kind == "same" else tmp_path / "below" / ".." / "film.mp4"
            (tmp_path / "below").mkdir()
        before = film.read_bytes()
        assert call(f"{command} @space %film.mp4 --out {out}") == 2
        assert "is an input" in one_line(capsys)
        assert film.read_bytes() == before

    def test_a_folder_that_cannot_be_written_is_noticed_first(self, films, tmp_path, call, capsys):
        (tmp_path / "file").write_text("no folder")
        assert call("complete @space @clip.mp4 --out %file/out.mp4") == 2
        assert "cannot write" in one_line(capsys)
