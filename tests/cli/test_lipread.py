"""``videospace lipread``, as a helper at home would use it."""

import json
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from videospace.cli.lipread import COMMANDS, main
from videospace.lipreading.model.encoders.registry import new_encoder
from videospace.lipreading.model.mouth_model import MouthModel
from videospace.lipreading.profile.models import models
from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import UserError

WORDS = ("yes", "water", "bread")


def run(command: str, folder: Path) -> None:
    """Call the program with paths relative to a folder."""
    main([word.replace("@", f"{folder}/") for word in shlex.split(command)])


def film(folder: Path, word: str, take: int) -> None:
    """A mouth as images: a dark bar, each word with a movement of its own."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng([WORDS.index(word), take])
    for number in range(12):
        opening = 4 + 2 * round(6 * np.sin(np.pi * number / 11) ** (1 + 3 * WORDS.index(word)))
        side = 20 + 10 * WORDS.index(word)
        image = generator.normal(150, 3, (60, 88)).clip(0, 255).astype(np.uint8)
        image[30 - opening // 2 : 30 + opening // 2, 44 - side // 2 : 44 + side // 2] = 30
        Image.fromarray(image).save(folder / f"{number:02d}.png")


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Recordings of three words, three of each, and an untrained model."""
    folder = tmp_path_factory.mktemp("films")
    for word in WORDS:
        for take in range(3):
            film(folder / word / str(take), word, take)
    MouthModel(new_encoder("compact"), ["yes", "no"]).save_pretrained(folder / "model")
    return folder


@pytest.fixture
def folder(films, tmp_path, capsys):
    """A profile with two recordings of each word, and the films folder beside it."""
    (tmp_path / "films").symlink_to(films)
    run("new @ann --name Ann", tmp_path)
    for word in WORDS:
        run(f"add @ann {word} @films/{word}/0 @films/{word}/1 --faces crops", tmp_path)
    capsys.readouterr()
    return tmp_path


def test_from_nothing_to_an_answer(films, tmp_path, capsys):
    (tmp_path / "films").symlink_to(films)
    run("new @ann --name Ann", tmp_path)
    said = capsys.readouterr().out
    assert "for Ann" in said
    assert "no pretrained model" in said
    for word in WORDS:
        run(f"add @ann {word} @films/{word}/0 --faces crops", tmp_path)
    said = capsys.readouterr().out
    assert "added the word 'water'" in said
    assert re.search(r"kept .*films/yes/0 as clip [0-9a-f]{16}: 0\.5 s", said)
    run("recognize @ann @films/bread/2 --faces crops", tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "by 'templates', since 'fusion' has no model yet"
    assert re.fullmatch(r".*films/bread/2: (not )?confident, \d+ ms", lines[1])
    assert re.fullmatch(r"  +[\d.]+ %  bread", lines[2])


def test_a_language_that_nobody_speaks_is_named(tmp_path, capsys):
    run("new @ann --language nobodys", tmp_path)
    assert "'nobodys'" in capsys.readouterr().out


def test_a_recording_that_is_too_long_changes_nothing(folder):
    (folder / "minute").mkdir()
    for number in range(301):
        Image.new("L", (88, 60), number % 250).save(folder / "minute" / f"{number:03d}.png")
    message = "minute.*12 s"
    for command in ("add @ann new @minute", "recognize @ann @minute --word yes"):
        with pytest.raises(UserError, match=message):
            run(f"{command} --faces crops", folder)
    profile = Profile(folder / "ann")
    assert (len(profile.words()), len(profile.clips())) == (3, 6)


def test_json_and_the_word_that_was_meant(folder, capsys):
    run("recognize @ann @films/yes/2 --faces crops --json --word yes --k 2", folder)
    said = json.loads(capsys.readouterr().out)
    assert said["words"][0] == "yes"
    assert len(said["words"]) == len(said["probabilities"]) == 2
    word = Profile(folder / "ann").word("yes")
    assert (word.num_clips, word.num_uses) == (3, 1)
    (use,) = Profile(folder / "ann").usage()
    assert len(use.answer.words) == 3  # all there are, though two were asked for


def test_history_of_what_was_said(folder, capsys):
    run("history @ann --csv @empty.csv", folder)
    assert "nothing" in capsys.readouterr().out
    run("recognize @ann @films/yes/2 --faces crops --word yes", folder)
    run("recognize @ann @films/water/2 --faces crops --word bread", folder)
    capsys.readouterr()
    run("history @ann --csv @said.csv", folder)
    said = capsys.readouterr().out
    assert "2 words said; top-1 50.0 % (9.5 to 90.5), top-5 100.0 %" in said
    assert re.search(r"^  \d{4}-\d\d-\d\d: 2 words; top-1 50", said, re.M)
    assert "  yes: 3 recordings, said 1 ×, right 1 of 1" in said
    assert "  1 × 'bread' taken for 'water'" in said
    lines = (folder / "said.csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1:3] for line in lines[1:]] == [["yes", "1"], ["bread", "2"]]
    assert len((folder / "empty.csv").read_text().splitlines()) == 1


def test_back_to_an_older_model(folder, capsys):
    run("train @ann --model @films/model --strategy cl-r --minutes 0.01", folder)
    base, own = models(Profile(folder / "ann"))
    run("recognize @ann @films/yes/2 --faces crops --word yes", folder)
    capsys.readouterr()
    run("models @ann", folder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"* {own.id}  {own.added}  recognizer, cl-r from 6 recordings, ")
    assert lines[0].endswith(" of 1 answers right")
    assert lines[1:] == [f"  {base.id}  {base.added}  encoder, pretrained", "'cl-r' answers"]
    run(f"models @ann --use {base.id}", folder)
    lines = capsys.readouterr().out.splitlines()
    assert (lines[0][0], lines[1][0], lines[2]) == (" ", "*", "'fusion' answers")
    run("recognize @ann @films/yes/1 --faces crops", folder)
    assert "has no model yet" not in capsys.readouterr().out


def test_a_list_of_words(folder, capsys):
    (folder / "list.csv").write_text("word,spoken\nbed\nWater\nmen,men\n", encoding="utf-8")
    run("words @ann @list.csv", folder)
    said = capsys.readouterr().out
    assert "added 2 words; 1 were there already" in said
    assert "'men': it looks the same on the lips as 'bed'" in said
    assert [word.text for word in Profile(folder / "ann").words()][3:] == ["bed", "men"]


def test_look_alikes_are_named_when_a_word_is_added(folder, capsys):
    run("add @ann bed", folder)
    run("add @ann men", folder)
    said = capsys.readouterr().out
    assert "same on the lips as 'bed'" in said
    run("info @ann --clips", folder)
    said = capsys.readouterr().out
    assert "Ann: 5 words, 6 recordings, 0 models; strategy fusion, language en-us" in said
    assert "men: 0 recordings, used 0 ×" in said
    assert len(re.findall(r"^    [0-9a-f]{16}  ", said, flags=re.MULTILINE)) == 6


def test_training_with_a_model(folder, capsys):
    run("add @ann tea", folder)
    run("train @ann --model @films/model --strategy cl-r --minutes 0.01", folder)
    said = capsys.readouterr().out
    assert re.search(r"cl-r: trained model [0-9a-f]{16}; 3 words in", said)
    assert "'tea' has no recording" in said
    run("recognize @ann @films/yes/2 --faces crops", folder)
    assert "since" not in capsys.readouterr().out
    run("delete @ann --word bread", folder)
    said = capsys.readouterr().out
    assert "1 model" in said
    assert [model.kind for model in models(Profile(folder / "ann"))] == ["encoder"]
    run("recognize @ann @films/yes/2 --faces crops", folder)
    assert "'cl-r' has no model" in capsys.readouterr().out


def test_training_with_footage(folder, capsys):
    rest = sorted((folder / "films" / "yes" / "0").iterdir())[0]
    (folder / "talk").mkdir()
    number = 0
    for word in ("water", "yes", "water"):
        images = sorted((folder / "films" / word / "2").iterdir())
        for image in [rest] * 20 + images:
            shutil.copy(image, folder / "talk" / f"{number:03d}.png")
            number += 1
    footage = "--footage @talk --faces crops --minutes 0.01"
    run(f"train @ann --model @films/model --strategy cl-r --pseudo-labels {footage}", folder)
    said = capsys.readouterr().out
    assert re.search(r"^3 movements in the footage, [0-3] of them taken for words$", said, re.M)
    assert "cl-r: trained model" in said
    assert len(Profile(folder / "ann").clips()) == 6  # nothing of the footage is kept
    with pytest.raises(UserError, match="trains nothing"):
        run(f"train @ann --strategy fusion {footage}", folder)
    with pytest.raises(UserError, match="--footage"):
        run("train @ann --strategy cl-r --pseudo-labels", folder)


def test_evaluation_with_its_page(folder, capsys):
    run("evaluate @ann --seeds 0 1 --page @page --json @scores.json", folder)
    said = capsys.readouterr().out
    assert "needs a pretrained model" in said
    assert re.search(r"top-1 +[\d.]+ % \([\d.]+ to [\d.]+\)", said)
    assert "1 shot: top-1" in said
    scores = json.loads((folder / "scores.json").read_text())
    assert scores["num_answers"] == 6
    assert 0 <= scores["top1"]["low"] <= scores["top1"]["mean"] <= scores["top1"]["high"] <= 1
    assert "Ann: how well words are recognized" in (folder / "page" / "index.html").read_text()


def test_evaluation_with_a_model_shows_embeddings(folder, capsys):
    run("train @ann --model @films/model --strategy prototypes", folder)
    assert "prototypes: learns without training; 3 words in" in capsys.readouterr().out
    run("evaluate @ann --seeds 0 --page @page", folder)
    assert (folder / "page" / "embeddings.png").exists()


def test_out_and_in_again(folder, capsys):
    run("export @ann @ann.zip", folder)
    run("import @ann.zip @bob", folder)
    assert "for Ann: 3 words, 6 recordings" in capsys.readouterr().out
    run("delete @ann --everything", folder)
    assert not (folder / "ann").exists()
    clip = Profile(folder / "bob").clips()[0].id
    run(f"delete @bob --clip {clip}", folder)
    assert len(Profile(folder / "bob").clips()) == 5


def test_a_text_is_spoken_into_a_file(folder, capsys):
    run("say @ann 'good morning' --out @morning.wav", folder)
    assert "morning.wav" in capsys.readouterr().out
    rate, samples = wavfile.read(folder / "morning.wav")
    assert len(samples) > 0.3 * rate
    run("say @ann --voices", folder)
    assert "German" in capsys.readouterr().out


def test_own_voice_and_a_picture_are_kept_and_listed(folder, capsys):
    run("say @ann 'good night' --out @night.wav", folder)
    run("bank @ann 'good night' @night.wav", folder)
    run("bank @ann water @films/yes/0/00.png", folder)
    run("info @ann", folder)
    said = capsys.readouterr().out
    assert "own voice for 'good night'" in said
    assert "a picture for 'water'" in said
    assert "I am in pain" in said
    run("bank @ann 'GOOD night' --delete voice", folder)
    run("info @ann", folder)
    assert "own voice for 'good night'" not in capsys.readouterr().out


def test_pretraining_on_others(films, tmp_path, capsys):
    for speaker in ("a", "b", "c"):
        for word in WORDS:
            for take in range(2):
                shutil.copytree(
                    films / word / str(take), tmp_path / "real" / speaker / word / str(take)
                )
    (tmp_path / "spoken.json").write_text(json.dumps({word: word for word in WORDS}))
    options = "--spoken @spoken.json --steps 2 --calibration-speakers 0 --device cpu"
    run(f"pretrain @real --out @model --without C {options}", tmp_path)
    said = capsys.readouterr().out
    assert "12 clips of 3 words by 2 speakers" in said
    model = MouthModel.from_pretrained(tmp_path / "model")
    assert sorted(model.words) == sorted(WORDS)
    assert "lips rounded" in model.units
    run("new @ann --model @model", tmp_path)
    assert [model.kind for model in models(Profile(tmp_path / "ann"))] == ["encoder"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("fly @ann", "fly"),
        ("new @ann", "exists"),
        ("new @bob --model @films", "lipreading model"),
        ("info @films", "expected a profile"),
        ("add @ann water", "already"),
        ("add @ann water @films/water/2 --note x", "already"),
        ("add @ann '' @films/water/2", "empty"),
        ("add @ann new @films/absent --faces crops", "absent"),
        ("add @ann yes @films/yes/0 --faces crops", "already"),
        ("add @ann new @some.zip", "zip"),
        ("train @ann --minutes 0", "seconds"),
        ("recognize @ann", "recording"),
        (
            "recognize @ann @films/yes/2 --word tea",
            "tea",
        ),
        ("train @ann --strategy ve-r", "pretrained model"),
        ("evaluate @ann --shots 2", "2 clips"),
        ("evaluate @ann --shots 0", "1 shot"),
        ("words @ann @absent.csv", "absent.csv"),
        ("words @ann @films/yes/0/00.png", "UTF-8"),
        ("models @ann --use 0123", "0123"),
        ("delete @ann", "--word"),
        ("delete @ann --word x --everything", "--word"),
        ("delete @ann --word tea", "tea"),
        ("delete @ann --clip 0123", "0123"),
        ("delete @films --everything", "expected a profile"),
        ("export @ann @ann.tar", r"\.zip"),
        ("import @absent.zip @bob", "no file"),
        ("bank @ann hello", "either"),
        ("bank @ann hello @absent.wav", "absent"),
        ("bank @ann hello @films/yes/0/00.txt", "cannot read"),
        ("bank @ann hello --delete voice", "no voice"),
        ("say @ann hello", "file to write"),
        ("say @ann hello --out @hello.mp3", r"\.wav"),
        ("say @ann hello --out @hello.wav --voice tlh", "tlh"),
        ("say @ann hello --out @hello.wav --rate 9", "rate"),
        ("pretrain @films --out @m --without x", "expected .*SPEAKER|no speaker 'x'"),
    ],
)
def test_mistakes(folder, command, message):
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(UserError, match=message):
        run(command, folder)
    assert sorted(path.name for path in folder.iterdir()) == before
    profile = Profile(folder / "ann")
    assert (len(profile.words()), len(profile.clips())) == (3, 6)


def test_one_word_is_nothing_to_tell_apart(films, tmp_path):
    (tmp_path / "films").symlink_to(films)
    run("new @ann", tmp_path)
    for command in ("train @ann", "recognize @ann @films/yes/0 --faces crops", "evaluate @ann"):
        with pytest.raises(UserError, match="at least 2 words"):
            run(command, tmp_path)
    run("add @ann yes @films/yes/0 @films/yes/1 --faces crops", tmp_path)
    run("add @ann no", tmp_path)
    for command in ("train @ann", "recognize @ann @films/yes/2 --faces crops", "evaluate @ann"):
        with pytest.raises(UserError, match="at least 2 words"):
            run(command, tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert f"usage: videospace lipread {name}" in capsys.readouterr().out


def test_help(capsys):
    with pytest.raises(SystemExit) as stopped:
        main([])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name in COMMANDS)


def test_a_recognized_recording_that_is_kept_is_named(folder, capsys):
    run("recognize @ann @films/water/2 --faces crops --word water", folder)
    kept = re.search(r"kept .* as clip (\w+)", capsys.readouterr().out)
    assert kept
    assert kept[1] in {clip.id for clip in Profile(folder / "ann").clips()}


def test_footage_is_not_read_for_a_strategy_that_trains_nothing(folder):
    with pytest.raises(UserError, match="trains nothing"):
        run("train @ann --strategy fusion --footage @missing.mp4", folder)


def test_a_strategy_and_a_box_that_do_not_exist(folder):
    with pytest.raises(UserError, match=r"cl-r, .* ve-r"):
        run("train @ann --strategy nonsense", folder)
    with pytest.raises(UserError, match="center"):
        run("add @ann water @films/water/2 --box nonsense", folder)


def test_published_weights_of_another_kind_of_file(folder):
    (folder / "weights.pt").write_text("no weights")
    with pytest.raises(UserError, match="cannot be read") as raised:
        run("pretrain --from-published @weights.pt --out @new", folder)
    assert "weights_only" not in str(raised.value)


def test_words_are_renamed_and_recordings_moved(folder, capsys):
    run("words @ann --change yes --to 'oh yes' --spoken 'oh yes please'", folder)
    assert "'oh yes', spoken 'oh yes please', with 2 recordings" in capsys.readouterr().out
    clip = Profile(folder / "ann").clips("oh yes")[0].id
    run("recordings @ann --word water", folder)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["water", "water"]
    run(f"recordings @ann --clip {clip} --film @film.mp4 --to water", folder)
    assert (folder / "film.mp4").stat().st_size > 1000
    assert Profile(folder / "ann").word("water").num_clips == 3


@pytest.mark.parametrize(
    "command",
    [
        "words @ann",
        "words @ann --change yes",
        "words @ann --to no",
        "words @ann @films --change yes --to no",
        "recordings @ann --clip 0000000000000000",
        "recordings @ann --to water",
        "recordings @ann --word water --clip 00 --to water",
    ],
)
def test_half_a_change_is_refused(folder, command):
    with pytest.raises(UserError, match="expected"):
        run(command, folder)
