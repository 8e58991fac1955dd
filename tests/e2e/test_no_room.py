"""What a full disk interrupts is said, leaves nothing half, and loses nothing that was there."""

import contextlib
import dataclasses
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from tests.support.toy_spaces import TOY_MODEL, random_space, toy_config, write_toy_store
from tests.support.used_profile import mouth

from videospace.cli import main
from videospace.inrv.model.encoder import EncoderConfig, LatentEncoder
from videospace.inrv.space.latent_files import LatentFile, load_latents, save_latents
from videospace.inrv.space.video_space import VideoSpace
from videospace.inrv.training.loop import TrainingOptions, train
from videospace.lipreading.model.embedding import EmbeddingConfig
from videospace.lipreading.model.encoders.compact import CompactConfig, CompactEncoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.archive import export_profile, import_profile
from videospace.lipreading.profile.learning import adopt_model
from videospace.lipreading.profile.media import keep_media
from videospace.lipreading.profile.profile import Profile
from videospace.lipreading.profile.storage.damage import export_as_it_is
from videospace.lipreading.profile.storage.records import AnswerRecord, ProfileSettings
from videospace.lipreading.profile.words import read_word_list
from videospace.runtime.errors import UserError

if sys.platform == "win32":
    pytest.skip("there is no limit for the size of files", allow_module_level=True)

import resource


class Writer(NamedTuple):
    """Something that is written twice: once, and once again without room."""

    write: Callable[[Path, int], object]
    """Writes into a folder; the number says for which time."""
    read: Callable[[Path], object]
    """What a reader of the folder finds."""


@contextlib.contextmanager
def room_for(num_bytes: int) -> Iterator[None]:
    """Let no file become larger: writes fail half-way, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def space_of(number: int) -> VideoSpace:
    space = random_space()
    space.latents = space.latents + number
    config = EncoderConfig(side=8, num_channels=8, hidden_width=8)
    space.encoder = LatentEncoder(config, TOY_MODEL.latent)
    return space


def opened_space(folder: Path) -> object:
    space = VideoSpace.from_pretrained(folder)
    return space.latents.tolist(), space.fingerprint()


def write_latents(folder: Path, number: int) -> None:
    space = random_space()
    content = LatentFile(latents=space.latents + number, names=space.ids)
    save_latents(folder / "a.npz", content, space)


def mouth_model(number: int) -> MouthModel:
    torch.manual_seed(number)
    encoder = CompactEncoder(CompactConfig(channels=1, hidden=4))
    return MouthModel(encoder, ["yes", "no"], embedding=EmbeddingConfig(width=4))


def run_training(folder: Path, number: int) -> None:
    if not (folder / "store").exists():
        write_toy_store(folder / "store")
    config = dataclasses.replace(toy_config(2), seed=number)
    train(folder / "store", folder / f"run{number}", config, TrainingOptions(progress=False))


def trained(folder: Path) -> object:
    return opened_space(folder / "run0")


def profile_of(folder: Path) -> Profile:
    if (folder / "ann").exists():
        return Profile(folder / "ann")
    profile = Profile.create(folder / "ann", ProfileSettings(person="Ann"))
    profile.add_word("water")
    for seed in range(3):
        profile.add_clip("water", mouth(seed), source="test")
    return profile


def in_profile(change: Callable[[Profile, int], object]) -> Callable[[Path, int], None]:
    def write(folder: Path, number: int) -> None:
        change(profile_of(folder), number)

    return write


def profile_content(folder: Path) -> object:
    profile = Profile(folder / "ann")
    profile.check()
    files = sorted(path.name for path in (folder / "ann").rglob("*") if path.is_file())
    content = [profile.load_clip(clip.id).frames.tolist() for clip in profile.clips()]
    names = [name for name in files if not name.startswith("profile.sqlite")]
    return profile.settings, profile.words(), content, names


def many_words(profile: Profile, number: int) -> None:
    profile.add_words(read_word_list("".join(f"w{number}x{each}\n" for each in range(40))))


def files_below(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in files if "sqlite-" not in path.name}


def imported(folder: Path, number: int) -> None:
    if not (folder / "a.zip").exists():
        export_profile(profile_of(folder), folder / "a.zip")
    import_profile(folder / "a.zip", folder / f"copy{number}")


PICTURE = b"RIFF\0\0\0\0WEBP" + bytes(200_000)

WRITERS = {
    "space": Writer(
        lambda folder, n: space_of(n).save_pretrained(folder / "s"),
        lambda folder: opened_space(folder / "s"),
    ),
    "latents": Writer(write_latents, lambda f: load_latents(f / "a.npz", random_space()).names),
    "mouth model": Writer(
        lambda folder, n: mouth_model(n).save_pretrained(folder / "m"),
        lambda folder: MouthModel.from_pretrained(folder / "m").words,
    ),
    "training": Writer(run_training, trained),
    "clip": Writer(
        in_profile(lambda p, n: p.add_clip("water", mouth(9 + n), source="t")), profile_content
    ),
    "words": Writer(in_profile(many_words), profile_content),
    "picture": Writer(
        in_profile(lambda p, n: keep_media(p, f"tea {n}", "picture", PICTURE)), profile_content
    ),
    "model": Writer(in_profile(lambda p, n: adopt_model(p, mouth_model(n))), profile_content),
    "export": Writer(
        in_profile(lambda p, n: export_profile(p, p.folder.parent / "a.zip")), files_below
    ),
    "export as it is": Writer(
        in_profile(lambda p, n: export_as_it_is(p.folder, p.folder.parent / "a.zip")), files_below
    ),
    "import": Writer(imported, files_below),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("num_bytes", [100, 1000])
def test_no_room(tmp_path: Path, name: str, num_bytes: int) -> None:
    writer = WRITERS[name]
    writer.write(tmp_path, 0)
    before, names = writer.read(tmp_path), set(files_below(tmp_path))
    with room_for(num_bytes), pytest.raises(UserError, match="cannot write"):
        writer.write(tmp_path, 1)
    assert writer.read(tmp_path) == before
    new = {Path(path).name for path in set(files_below(tmp_path)) - names}
    assert not [each for each in new if "part" in each]
    writer.write(tmp_path, 1)
    assert writer.read(tmp_path) is not None


@pytest.mark.parametrize(
    "command",
    [
        ["lipread", "history", "ann", "--csv", "a.csv"],
        ["evaluate", "space", "store", "--json", "a.json"],
        ["prepare", "moving-mnist", "--out", "new", "--num-clips", "2"],
    ],
)
def test_commands(tmp_path: Path, monkeypatch, command: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    write_toy_store(tmp_path / "store")
    random_space(5).save_pretrained(tmp_path / "space")
    profile = profile_of(tmp_path)
    profile.add_clip("water", mouth(8), source="test", answer=AnswerRecord())
    before = files_below(tmp_path)
    shown = io.StringIO()  # not the file to which pytest would write
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown), room_for(20):
        assert main(command) == 2
    assert "cannot write" in shown.getvalue()
    after = files_below(tmp_path)
    assert {path: after[path] for path in before} == before
    assert not list(tmp_path.glob("*.csv")) + list(tmp_path.glob("*.json"))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["info", "--pretrained", "bouncing-ball"]])
def test_no_room_for_what_a_command_prints(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "videospace", *arguments]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
