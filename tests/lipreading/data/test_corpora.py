import os
import re
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from videospace.lipreading.data.corpora import LabeledClip, read_corpus
from videospace.lipreading.mouth.detectors import FixedBox
from videospace.runtime.errors import UserError


def write_take(folder: Path, level: int, num_frames: int = 3, name: str = "c_{}.png") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, num_frames + 1):
        Image.new("L", (96, 54), level + number).save(folder / name.format(number))
    return folder


def write_zip(path: Path, tree: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("*.png"), reverse=True):
            archive.write(file, prefix + file.relative_to(tree).as_posix())
    return path


def write_film(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        for _ in range(6):
            picture = np.full((64, 96, 3), level, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def names(clips: list[LabeledClip]) -> list[tuple[str, str, str]]:
    return [(clip.speaker, clip.word, clip.take) for clip in clips]


@pytest.fixture
def corpus(tmp_path) -> Path:
    for speaker, first_level in (("anna", 10), ("ben", 110)):
        for word_number, word in enumerate(("no", "thank you")):
            for take in (1, 2, 10):
                level = first_level + 40 * word_number + take
                write_take(tmp_path / "corpus" / speaker / word / f"{take}", level, take + 1)
    return tmp_path / "corpus"


class TestLayouts:
    def test_folders(self, corpus):
        clips = read_corpus(corpus)
        words = ["no"] * 3 + ["thank you"] * 3
        takes = ["1", "2", "10"]
        assert names(clips) == [
            *zip(["anna"] * 6, words, takes * 2, strict=True),
            *zip(["ben"] * 6, words, takes * 2, strict=True),
        ]
        assert [len(clip.clip.frames) for clip in clips] == [2, 3, 11] * 4
        assert clips[8].clip.frames[:, 44, 44].tolist() == list(range(121, 132))
        assert {clip.domain for clip in clips} == {"real"}
        assert {clip.clip.fps for clip in clips} == {25.0}

    @pytest.mark.parametrize("at_top", [True, False])
    def test_a_zip_gives_the_same_as_its_folder(self, corpus, tmp_path, at_top):
        (tmp_path / "zips").mkdir()
        path = write_zip(tmp_path / "zips" / "all.zip", corpus)
        from_zip = read_corpus(path if at_top else tmp_path / "zips")
        from_folder = read_corpus(corpus)
        assert names(from_zip) == names(from_folder)
        for one, other in zip(from_zip, from_folder, strict=True):
            assert np.array_equal(one.clip.frames, other.clip.frames)

    def test_a_zip_a_speaker_with_groups_of_words(self, corpus, tmp_path):
        (tmp_path / "miracl").mkdir()
        for speaker in ("anna", "ben"):
            path = tmp_path / "miracl" / f"{speaker}.zip"
            write_zip(path, corpus / speaker, f"{speaker}/words/")
        clips = read_corpus(tmp_path / "miracl", fps=15.0)
        assert names(clips)[:2] == [("anna", "words/no", "1"), ("anna", "words/no", "2")]
        assert len(clips) == 12
        assert clips[0].clip.fps == 15

    def test_takes_as_zips_and_films(self, corpus, tmp_path):
        word = tmp_path / "mixed" / "anna" / "no"
        write_film(word / "2.mp4", 150)
        write_zip(word / "1.zip", corpus / "anna" / "no" / "1")
        write_take(word / "10", 50)
        clips = read_corpus(tmp_path / "mixed")
        assert names(clips) == [("anna", "no", take) for take in ("1", "2", "10")]
        assert [clip.clip.fps for clip in clips] == [25, 30, 25]
        assert abs(int(clips[1].clip.frames.mean()) - 150) <= 2

    def test_films_of_faces_go_through_the_detector(self, tmp_path):
        path = tmp_path / "anna" / "no" / "1.mp4"
        write_film(path, 90)
        boxes = []

        def detector(frame):
            boxes.append(frame.shape)
            return FixedBox("10,10,20,20")(frame)

        (clip,) = read_corpus(tmp_path, detector=detector)
        assert len(clip.clip.frames) == 6
        assert set(boxes) == {(64, 96, 3)}

    def test_hidden_things_and_notes_do_not_count(self, corpus):
        before = names(read_corpus(corpus))
        (corpus / "README.txt").write_text("about")
        write_take(corpus / ".cache" / "x" / "1", 5)
        write_take(corpus / "__MACOSX" / "x" / "1", 5)
        (corpus / "anna" / "no" / "1" / "._c_1.png").write_bytes(b"hidden")
        (corpus / "anna" / ".DS_Store").write_bytes(b"hidden")
        assert names(read_corpus(corpus)) == before

    def test_a_domain_is_passed_on(self, corpus):
        assert {clip.domain for clip in read_corpus(corpus, domain="synthetic")} == {"synthetic"}


class TestSpeakers:
    def test_only_those_named_are_read(self, corpus):
        (corpus / "anna" / "no" / "1" / "c_1.png").write_bytes(b"broken")
        clips = read_corpus(corpus, speakers=["ben"])
        assert {clip.speaker for clip in clips} == {"ben"}
        assert len(clips) == 6

    def test_one_who_is_not_there(self, corpus):
        with pytest.raises(UserError, match=r"carl, dora.* anna, ben"):
            read_corpus(corpus, speakers=["ben", "carl", "dora"])


class TestBadInput:
    def test_nothing_there(self, tmp_path):
        with pytest.raises(UserError, match="nowhere"):
            read_corpus(tmp_path / "nowhere")

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(UserError, match="SPEAKER/WORD/TAKE"):
            read_corpus(tmp_path)

    @pytest.mark.parametrize(("below", "got"), [("anna/no", "anna/no"), ("", "images")])
    def test_too_few_levels(self, tmp_path, below, got):
        write_take(tmp_path / below, 10)
        with pytest.raises(UserError, match=rf"SPEAKER/WORD/TAKE.* got {got} "):
            read_corpus(tmp_path)

    def test_one_clip_twice(self, corpus):
        write_film(corpus / "anna" / "no" / "10.mp4", 10)
        with pytest.raises(UserError, match=r"anna/no/10 .*twice"):
            read_corpus(corpus)

    def test_a_broken_image_is_named(self, corpus):
        broken = corpus / "anna" / "no" / "1" / "c_1.png"
        broken.write_bytes(b"broken")
        with pytest.raises(UserError, match=re.escape(str(broken))):
            read_corpus(corpus)

    def test_a_broken_zip_is_named(self, corpus):
        (corpus / "carl.zip").write_bytes(b"PK broken")
        with pytest.raises(UserError, match=r"carl\.zip"):
            read_corpus(corpus)


@pytest.mark.realdata
def test_lip_crops_of_one_speaker():
    clips = read_corpus(Path(os.environ["VIDEOSPACE_DATA"]) / "miracl", speakers=["F01"], fps=15.0)
    assert len(clips) == 200
    assert {clip.speaker for clip in clips} == {"F01"}
    words = {clip.word for clip in clips}
    assert words == {f"{kind}/{n:02}" for kind in ("words", "phrases") for n in range(1, 11)}
    assert {clip.take for clip in clips} == {f"{take:02}" for take in range(1, 11)}
    assert sum(len(clip.clip.frames) for clip in clips) == 1774
