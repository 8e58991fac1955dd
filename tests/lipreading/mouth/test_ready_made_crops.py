import re
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from videospace.clips.decoding.frame_folder import natural_order
from videospace.lipreading.mouth.image_files import MAX_IMAGE_BYTES
from videospace.lipreading.mouth.reading import read_crops
from videospace.runtime.errors import UserError


def level_images(folder, *names: str) -> None:
    """Plain images, 96×54, of level 10, 20, 30, ... in the order of the names."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names, start=1):
        Image.new("L", (96, 54), 10 * number).save(folder / name)


class TestReadCrops:
    def test_a_folder_in_natural_order(self, tmp_path):
        level_images(tmp_path, "c_1.png", "c_2.png", "c_10.png", "c_11.png")
        (tmp_path / ".c_3.png").write_bytes(b"hidden")
        (tmp_path / "notes.txt").write_text("about them")
        clip = read_crops(tmp_path)
        assert clip.frames[:, 44, 44].tolist() == [10, 20, 30, 40]
        assert clip.fps == 25

    def test_a_zip_gives_the_same(self, tmp_path):
        level_images(tmp_path / "take", "c_1.png", "c_2.png", "c_10.png")
        with zipfile.ZipFile(tmp_path / "take.zip", "w") as archive:
            for name in ("c_10.png", "c_1.png", "c_2.png"):
                archive.write(tmp_path / "take" / name, f"take/{name}")
            archive.writestr("__MACOSX/take/._c_1.png", b"hidden")
        clip = read_crops(tmp_path / "take.zip", fps=15.0)
        assert np.array_equal(clip.frames, read_crops(tmp_path / "take").frames)
        assert clip.fps == 15

    def test_a_film_of_a_mouth(self, tmp_path, make_film):
        frames = np.full((12, 54, 96, 3), 90, np.uint8)
        clip = read_crops(make_film(tmp_path / "mouth.mp4", frames, 30))
        assert clip.frames.shape == (12, 88, 88)
        assert clip.fps == 30
        assert abs(int(clip.frames.mean()) - 90) <= 2

    def test_an_empty_folder(self, tmp_path):
        with pytest.raises(UserError, match=re.escape(str(tmp_path))):
            read_crops(tmp_path)

    def test_a_broken_image_is_named(self, tmp_path):
        level_images(tmp_path, "1.png")
        (tmp_path / "2.png").write_bytes((tmp_path / "1.png").read_bytes()[:50])
        with pytest.raises(UserError, match=re.escape(str(tmp_path / "2.png"))):
            read_crops(tmp_path)

    def test_a_damaged_zip(self, tmp_path):
        path = tmp_path / "take.zip"
        path.write_bytes(b"PK" + bytes(100))
        with pytest.raises(UserError, match="zip"):
            read_crops(path)

    def test_a_zip_with_one_damaged_image(self, tmp_path):
        level_images(tmp_path, "1.png", "2.png")
        path = tmp_path / "take.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "1.png", "1.png")
            archive.write(tmp_path / "2.png", "2.png")
        content = bytearray(path.read_bytes())
        second = content.rindex(b"IHDR", 0, content.index(b"PK\x01\x02"))
        content[second + 40 : second + 50] = b"\xff" * 10
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"2\.png"):
            read_crops(path)

    def test_a_zip_that_unpacks_to_more_than_an_image_has(self, tmp_path):
        level_images(tmp_path, "1.bmp")
        content = (tmp_path / "1.bmp").read_bytes() + bytes(MAX_IMAGE_BYTES)
        with zipfile.ZipFile(tmp_path / "take.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("1.bmp", content)
        tracemalloc.start()
        try:
            with pytest.raises(UserError, match="unpacks"):
                read_crops(tmp_path / "take.zip")
            assert tracemalloc.get_traced_memory()[1] < MAX_IMAGE_BYTES / 4
        finally:
            tracemalloc.stop()

    def test_a_zip_of_many_clips(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
            for name in ("a/1.png", "b/1.png"):
                archive.writestr(name, b"")
        with pytest.raises(UserError, match="2 folders"):
            read_crops(tmp_path / "many.zip")

    @given(st.lists(st.integers(0, 300), min_size=1, max_size=6, unique=True))
    def test_numbers_are_taken_as_numbers(self, numbers):
        names = sorted((f"f{number}.jpg" for number in numbers), key=natural_order)
        assert names == [f"f{number}.jpg" for number in sorted(numbers)]
