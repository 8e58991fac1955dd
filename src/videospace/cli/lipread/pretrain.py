"""``videospace lipread pretrain``."""

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from videospace.cli.arguments import parse
from videospace.cli.lipread.recordings import Faces, choose_detector
from videospace.lipreading.data.corpora import LabeledClip, read_corpus
from videospace.lipreading.mouth.mouth_clip import MODEL_FPS
from videospace.lipreading.phonetics.visemes import visemes
from videospace.lipreading.pretraining.config import PretrainConfig, PretrainOptions
from videospace.lipreading.pretraining.pretrain import pretrain
from videospace.lipreading.pretraining.published import model_from_published
from videospace.runtime.errors import UserError
from videospace.runtime.reading.json_reader import read_json_file
from videospace.runtime.text import counted


@dataclasses.dataclass(frozen=True)
class Pretrain:
    """Learn what words look like on the mouths of other people.

    A corpus is a folder of SPEAKER/WORD/TAKE, where a take is a folder of images, a zip of images
    or a video. A zip that holds SPEAKER/WORD/TAKE/IMAGE is read, too. The same command again
    resumes a training that was stopped.
    """

    corpus: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="CORPUS...")]
    """Folders of corpora; with --from-published none is needed, and one only calibrates."""
    out: Path
    """Folder of the model."""
    from_published: Path | None = None
    """Train nothing, and take the weights that the authors of LRwP, LTCN or DC-TCN published."""
    without: tuple[str, ...] = ()
    """Speakers to leave out."""
    fps: float = MODEL_FPS
    """Frames a second of the images."""
    faces: Faces = "crops"
    """How to find the mouth in videos; crops: the videos show nothing else."""
    spoken: Path | None = None
    """JSON file that says how words are spoken, {"words/01": "begin"}. Words with the same mouth
    shapes then learn from each other (--unit-weight, 1 unless given)."""
    language: str = "en-us"
    """Language of the words in --spoken, as a voice of espeak-ng."""
    config: Annotated[PretrainConfig, tyro.conf.arg(name="")] = PretrainConfig()
    options: Annotated[PretrainOptions, tyro.conf.arg(name="")] = PretrainOptions()


def main(arguments: list[str]) -> None:
    """Parse, read, train."""
    command = parse(Pretrain, arguments, "videospace lipread pretrain")
    if command.from_published is not None:
        clips = _read(command) if command.corpus else []
        model_from_published(
            command.from_published, command.out, clips=clips, embedding=command.config.embedding
        )
    else:
        _train(command)
    print(f"wrote {command.out}")


def _train(command: Pretrain) -> None:
    if not command.corpus:
        raise UserError("expected at least one corpus, got none")
    clips = _read(command)
    config, units = command.config, None
    if command.spoken is not None:
        spoken = read_json_file(command.spoken, max_bytes=16 << 20)
        units = {word: visemes(str(text), command.language) for word, text in spoken.items()}
        config = dataclasses.replace(config, unit_weight=config.unit_weight or 1.0)
    pretrain(clips, command.out, config, command.options, units=units)


def _read(command: Pretrain) -> list[LabeledClip]:
    clips: list[LabeledClip] = []
    detector = choose_detector(command.faces, None)
    for folder in command.corpus:
        clips += read_corpus(folder, fps=command.fps, detector=detector)
    left_out = {name.casefold() for name in command.without}
    speakers = {clip.speaker.casefold() for clip in clips}
    if unknown := sorted(left_out - speakers):
        raise UserError(
            f"no speaker '{unknown[0]}' to leave out: there are {', '.join(sorted(speakers))}"
        )
    clips = [clip for clip in clips if clip.speaker.casefold() not in left_out]
    print(
        f"{counted(len(clips), 'clip')} of {counted(len({clip.word for clip in clips}), 'word')} "
        f"by {counted(len({clip.speaker for clip in clips}), 'speaker')}"
    )
    return clips
