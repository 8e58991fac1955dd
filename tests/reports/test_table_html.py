"""The page of the table as a document: what is in it, and that it stands alone."""

import base64
import io
import re

import av
import numpy as np
import pytest
from tests.support.html_document import Document

from videospace.baselines.task_table import Completed, Row
from videospace.inrv.inversion.tasks import PUBLISHED_TASKS, Task
from videospace.metrics.intervals import MeanInterval
from videospace.reports.comparison import HATCHING_GRAYS
from videospace.reports.table_page import TablePage
from videospace.runtime.errors import UserError


def score(mean: float | None) -> MeanInterval:
    return MeanInterval(mean=mean, half_width=0.5, num_values=3, num_left_out=0)


def made(task: Task, method: str, value: int, size: tuple[int, int] = (8, 16)) -> tuple:
    """A row and its videos: everything of the method is of one gray, the truth is black."""
    truth = np.zeros((3, 5, *size, 3), np.uint8)
    completed = Completed(
        ids=["a", "b <i>", "c"],
        contexts=[PUBLISHED_TASKS[task](clip) for clip in truth],
        videos=np.full_like(truth, value),
        truth=truth,
    )
    scores = {"psnr_db": score(value / 10), "psnr_unobserved_db": score(None), "ssim": score(0.5)}
    return Row(task=task, method=method, scores=scores, seconds_per_clip=0.25), completed


def decoded(address: str) -> np.ndarray:
    kind, content = address.split(",")
    assert kind == "data:video/mp4;base64"
    with av.open(io.BytesIO(base64.b64decode(content))) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.fixture
def page(tmp_path) -> TablePage:
    page = TablePage(tmp_path / "table.html", fps=10, num_clips=2)
    for task in ("inpaint", "upscale"):
        for method, value in (("inversion", 200), ("last & <first>", 120), ("Telea", 200)):
            page.add(*made(task, method, value))
    page.write()
    return page


@pytest.fixture
def text(page) -> str:
    return page.path.read_text(encoding="utf-8")


@pytest.fixture
def document(text) -> Document:
    return Document(text)


def test_it_stands_alone(text, document):
    for _, attributes, _ in document.elements:
        for name in ("src", "href", "poster", "srcset", "action"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    without = re.sub(r"base64,[\w+/=]*|xmlns='http://www.w3.org/2000/svg'", "", text)
    assert not re.search(r"https?:|//[\w-]+\.\w|@import|url\(|fetch\(|XMLHttp", without)


def test_the_table_has_a_row_for_each_task_and_method(document):
    methods = document.words("th", scope="row")
    assert methods == ["inversion", "last & <first>", "Telea"] * 2
    assert document.words("th", scope="rowgroup") == ["inpaint", "upscale"]
    assert [a["rowspan"] for a in document.all("th") if a.get("scope") == "rowgroup"] == ["3"] * 2
    assert document.words("th", scope="colgroup") == ["PSNR, dB", "SSIM", "seconds"]
    assert document.words("th", scope="col") == [
        "task",
        "method",
        "all",
        "hidden",
        "all",
        "a clip",
    ]
    assert document.words("td")[:4] == ["20.00 ± 0.50", "–", "0.500 ± 0.500", "0.25"]
    assert len(document.words("td")) == 6 * 4


def test_the_best_of_a_task_is_bold_and_what_is_all_the_same_is_not(document):
    assert document.words("strong") == ["20.00 ± 0.50"] * 4


def test_videos_are_labeled_and_hold_every_panel(document):
    videos = document.all("video")
    assert [video["aria-label"] for video in videos] == [
        f"{clip}, from the left: input, inversion, last & <first>, Telea, truth"
        for clip in ("a", "b <i>")
    ] * 2
    assert document.words("figcaption") == ["a", "b <i>"] * 2
    assert document.words("span")[-5:] == ["input", "inversion", "last & <first>", "Telea", "truth"]
    for video in videos:
        assert {"muted", "loop", "autoplay", "playsinline"} <= video.keys()
        frames = decoded(video["src"])
        assert frames.shape == (5, int(video["height"]), int(video["width"]), 3)
        assert frames.shape[1:3] == (64, 5 * 128 + 4 * 4)  # 8x16 px, eight times as large


@pytest.mark.parametrize("task", ["inpaint", "upscale"])
def test_panels_show_what_they_are_called(document, task):
    index = ["inpaint", "upscale"].index(task) * 2
    frames = decoded(document.all("video")[index]["src"]).astype(int)
    panels = [frames[:, :, left + 4 : left + 124] for left in range(0, 5 * 132, 132)]
    for panel, value in zip(panels[1:], (200, 120, 200, 0), strict=True):
        assert abs(panel - value).max() < 12
    assert abs(panels[0][:, :28]).max() < 24
    lower = panels[0][:, 36:]
    if task == "upscale":
        assert abs(lower).max() < 24
    else:
        assert abs(lower.mean() - np.mean(HATCHING_GRAYS)) < 8
        assert lower.std() > 30


def test_each_task_has_its_section_with_a_heading(document):
    headings = document.all("h1", "h2")
    sections = [section["aria-labelledby"] for section in document.all("section")]
    assert sections == [heading["id"] for heading in headings[1:]]
    assert sections == ["table-title", "inpaint", "upscale"]
    assert "upper half of every frame" in " ".join(document.words("section"))
    assert document.all("html") == [{"lang": "en"}]


@pytest.mark.parametrize(
    ("size", "panel"), [((8, 8), (128, 128)), ((100, 60), (100, 60)), ((48, 512), (24, 256))]
)
def test_panels_of_any_size(tmp_path, size, panel):
    page = TablePage(tmp_path / "t.html", fps=10, num_clips=1)
    page.add(*made("sparse", "inversion", 100, size))
    page.write()
    (video,) = Document(page.path.read_text()).all("video")
    assert (int(video["height"]), int(video["width"])) == (panel[0], 3 * panel[1] + 2 * 4)


@pytest.mark.parametrize("size", [(8, 16), (64, 128)])
def test_it_is_written_after_each_task_and_copies_what_it_keeps(tmp_path, size):
    page = TablePage(tmp_path / "t.html", fps=10)
    row, completed = made("inpaint", "inversion", 200, size)
    page.add(row, completed)
    completed.videos[:] = 0
    assert not page.path.exists()
    page.add(*made("upscale", "inversion", 120, size))
    document = Document(page.path.read_text())
    assert document.words("th", scope="rowgroup") == ["inpaint"]
    assert len(document.all("video")) == 3  # all there are
    frames = decoded(document.all("video")[0]["src"]).astype(int)
    assert abs(frames[:, :, 136:256] - 200).max() < 12


def test_invalid_names_and_numbers(tmp_path):
    with pytest.raises(UserError, match=r"table\.json"):
        TablePage(tmp_path / "table.json", fps=10)
    with pytest.raises(UserError, match="at least 1 clip"):
        TablePage(tmp_path / "t.html", fps=10, num_clips=0)


def test_a_page_that_cannot_be_written(tmp_path):
    (tmp_path / "t.html").mkdir()
    page = TablePage(tmp_path / "t.html", fps=10, num_clips=1)
    page.add(*made("sparse", "inversion", 100))
    with pytest.raises(UserError, match="cannot write"):
        page.write()
