"""The page as a document: what it refers to is there, and nothing comes from elsewhere."""

import json
import re
import shlex
from urllib.parse import unquote

import numpy as np
import pytest
from tests.support.html_document import Document

from videospace.reports.demo.page import plot_points
from videospace.reports.demo.scores import LABELS
from videospace.reports.film_strips import enlarge, tile


@pytest.fixture(scope="module")
def text(demo) -> str:
    return (demo[0] / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text) -> Document:
    return Document(text)


def test_every_reference_is_a_file_beside_the_page(demo, page):
    references = [
        attributes[name]
        for _, attributes, _ in page.elements
        for name in ("src", "href", "poster", "srcset", "action")
        if name in attributes
    ]
    files = [r for r in references if not r.startswith(("#", "data:image/svg+xml,"))]
    assert len(files) > 15
    for file in files:
        assert re.fullmatch(r"[\w./-]+", file), file
        assert (demo[0] / unquote(file)).is_file(), file


def test_nothing_is_loaded_from_elsewhere(text):
    without_namespace = text.replace("xmlns='http://www.w3.org/2000/svg'", "")
    assert not re.search(r"https?:|//[\w-]+\.\w|@import|url\(|fetch\(|XMLHttp", without_namespace)


def test_names_and_references_between_elements_fit(page):
    ids = [attributes["id"] for _, attributes, _ in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes, _ in page.elements:
        for name in ("for", "aria-labelledby"):
            assert attributes.get(name, ids[0]) in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_everything_that_moves_has_words_and_waits_for_no_click(page):
    videos = page.all("video")
    assert len(videos) == 6 + 1 + 2 + 3 + 2
    for video in videos:
        assert {"muted", "loop", "autoplay", "playsinline"} <= video.keys()
        assert len(video["aria-label"]) > 20
        assert int(video["width"]) > 0 < int(video["height"])
    assert len(page.all("figcaption")) == len(videos)
    assert all("alt" in image for image in page.all("img"))
    assert all(thing["aria-label"] for thing in page.all("canvas", "svg"))


def test_the_document_is_structured(page):
    assert page.all("html") == [{"lang": "en"}]
    headings = [tag for tag, _, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert headings == ["h1"] + ["h2"] * (len(headings) - 1)
    assert len(page.all("section")) == len(headings) - 1
    assert len(page.all("main")) == len(page.all("title")) == 1
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))


def test_the_table_has_every_score_with_its_meaning(demo, page):
    words = " ".join(" ".join(page.texts).split())
    for name, meaning in LABELS.items():
        assert name in words
        assert meaning in words
    assert f"{demo[1]['psnr_db']:.4g}" in words
    assert "53 760" in words  # 60 steps of 7 clips and 128 points


def test_the_commands_name_the_folder_even_if_its_name_is_odd(demo, page):
    space = shlex.quote(str(demo[0] / "space"))
    commands = next(words for words in page.texts if "videospace sample" in words)
    assert f"videospace sample {space} --count 16 --out samples.mp4" in commands
    assert f"videospace interpolate {space} ball-000 ball-006 --steps 9" in commands


def test_the_slider_and_its_data_fit(page, text):
    slider = next(thing for thing in page.all("input") if thing["type"] == "range")
    content = text.split('type="application/json">')[1].split("</script>")[0]
    explorer = json.loads(content)
    assert len(explorer["ball_heights"]) == int(slider["max"]) + 1 == 25
    assert (explorer["width"], explorer["height"]) == (100, 67)
    assert (explorer["num_frames"], explorer["fps"]) == (5, 10.0)


def test_steps_without_a_ball_leave_a_gap_in_the_plot():
    assert plot_points([0.1, None, 0.9]) == [(5, 10), (95, 90)]
    assert plot_points([None, None]) == []


def test_the_plot_has_a_dot_for_every_step_with_a_ball(page):
    heights = json.loads("".join(page.texts).split('"ball_heights": ')[1].split("]")[0] + "]")
    num_balls = sum(height is not None for height in heights)
    assert len(page.all("circle")) == num_balls + 1  # one more is the marker
    assert len(page.all("polyline")[0]["points"].split()) == num_balls


@pytest.fixture
def six_clips() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 2, 5, 6, 3), dtype=np.uint8)


def test_tiles_stand_where_they_should(six_clips):
    wall = tile(six_clips, num_columns=3)
    assert wall.shape == (2, 2 * 5 + 4, 3 * 6 + 2 * 4, 3)
    for number, clip in enumerate(six_clips):
        top, left = (number // 3) * 9, (number % 3) * 10
        assert (wall[:, top : top + 5, left : left + 6] == clip).all()
    assert (wall[:, 5:9] == (208, 212, 222)).all()
    assert (wall[:, :, 6:10] == (208, 212, 222)).all()


def test_enlarged_pixels_are_squares(six_clips):
    large = enlarge(six_clips[0], 3)
    assert large.shape == (2, 15, 18, 3)
    for row in range(3):
        for column in range(3):
            assert (large[:, row::3, column::3] == six_clips[0]).all()
