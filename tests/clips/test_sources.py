import pytest

from videospace.clips.sources import list_sources
from videospace.runtime.errors import UserError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folder_with_all_subfolders_in_order(inside):
    touch(inside, "films/c.MP4", "films/b/z.webm", "films/b/frames/2.png", "films/a.gif")
    found, skipped = list_sources(["films"])
    assert found == ["films/a.gif", "films/b/frames", "films/b/z.webm", "films/c.MP4"]
    assert skipped == []


def test_numbers_in_names_count_as_numbers(inside):
    touch(inside, "films/take10.mp4", "films/take9.mp4", "films/take01.mp4", "films/take1.mp4")
    touch(inside, "films/day2/a.mp4", "films/day10/a.mp4")
    found = list_sources(["films"])[0]
    assert found == [
        "films/day2/a.mp4",
        "films/day10/a.mp4",
        "films/take01.mp4",
        "films/take1.mp4",
        "films/take9.mp4",
        "films/take10.mp4",
    ]


def test_folder_of_frames_and_folder_of_such_folders(inside):
    touch(inside, "takes/1/a.jpg", "takes/1/b.jpg", "takes/2/a.bmp")
    assert list_sources(["takes/1"])[0] == ["takes/1"]
    assert list_sources(["takes"])[0] == ["takes/1", "takes/2"]


def test_what_is_no_video_is_named(inside):
    touch(inside, "films/a.mp4", "films/cover.jpg", "films/words.tsv", "films/.hidden")
    (inside / "films" / "nothing").mkdir()
    found, skipped = list_sources(["films"])
    assert found == ["films/a.mp4"]
    assert {item.source: item.reason for item in skipped} == {
        "films/cover.jpg": "an image beside videos",
        "films/nothing": "an empty folder",
        "films/words.tsv": "not a video",
    }


def test_list_keeps_its_order_and_is_relative_to_itself(inside):
    touch(inside, "data/b.mp4", "data/a.mp4", "data/more/c.mp4", "elsewhere.mp4")
    absolute = inside / "elsewhere.mp4"
    (inside / "data" / "list.txt").write_text(
        f"# films\nb.mp4\n\n  a.mp4 \r\nmore\n{absolute}\ngone.mp4\n"
    )
    found, skipped = list_sources(["data/list.txt"])
    assert found == ["data/b.mp4", "data/a.mp4", "data/more/c.mp4", str(absolute)]
    assert [item.source for item in skipped] == ["data/list.txt, line 7"]
    assert "gone.mp4" in skipped[0].reason


def test_what_is_named_twice_comes_once(inside):
    touch(inside, "films/a.mp4")
    assert list_sources(["./films/a.mp4", "films", "films/../films/a.mp4"])[0] == ["films/a.mp4"]


def test_circles_end(inside):
    touch(inside, "films/a.mp4")
    (inside / "films" / "loop").symlink_to(inside / "films")
    (inside / "list.txt").write_text("list.txt\nfilms\n")
    found, skipped = list_sources(["list.txt"])
    assert found == ["films/a.mp4"]
    assert {item.source for item in skipped} == {"list.txt", "films/loop"}
    assert {item.reason for item in skipped} == {"contains itself"}


def test_stores_are_passed_over(inside):
    touch(inside, "films/a.mp4", "films/store/store.json", "films/store/index.jsonl")
    assert list_sources(["films"]) == (["films/a.mp4"], [])


def test_list_that_is_no_text(inside):
    (inside / "list.txt").write_bytes(b"\xff\xfe\x00\xd8")
    _, skipped = list_sources(["list.txt"])
    assert "list of paths" in skipped[0].reason


def test_missing_source_is_an_error(inside):
    touch(inside, "a.mp4")
    with pytest.raises(UserError, match=r"flims, b\.mp4"):
        list_sources(["flims", "a.mp4", "b.mp4"])
    with pytest.raises(UserError, match="at least one"):
        list_sources([])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbffilms/a b.mp4\r\nfilms/c.mp4\r\n",
        "films/a b.mp4\nfilms/c.mp4\n".encode("utf-16"),
        b"films\\a b.mp4\r\nfilms\\c.mp4",
        b'"films/a b.mp4"\n"films/c.mp4"\n',
        b"ffconcat version 1.0\nfile 'films/a b.mp4'\nduration 2\nfile films/c.mp4\n",
        b"films/a b.mp4\0films/c.mp4\0",
        b"path,label\nfilms/a b.mp4,0\nfilms/c.mp4,1\n",
        b"films/a b.mp4 0\nfilms/c.mp4 1\n",
        b"films/a b.mp4\t0\nfilms/c.mp4\t1\n",
        b"~/films/a b.mp4\n~/films/c.mp4\n",
    ],
)
def test_lists_as_people_write_them(content, inside, monkeypatch):
    monkeypatch.setenv("HOME", str(inside))
    touch(inside, "films/a b.mp4", "films/c.mp4")
    (inside / "list.txt").write_bytes(content)
    found, skipped = list_sources(["list.txt"])
    assert [name.removeprefix(f"{inside}/") for name in found] == ["films/a b.mp4", "films/c.mp4"]
    assert skipped == []


def test_a_caption_is_no_list(inside):
    touch(inside, "clip.mp4")
    (inside / "clip.txt").write_text("a person walks through a sunlit garden, " * 20)
    found, skipped = list_sources(["clip.mp4", "clip.txt"])
    assert found == ["clip.mp4"]
    assert [item.source for item in skipped] == ["clip.txt"]


def test_images_that_are_not_read_are_named_once_with_a_remedy(inside):
    touch(inside, *(f"photos/{number}.HEIC" for number in range(30)), "photos/Thumbs.db")
    found, skipped = list_sources(["photos"])
    assert found == []
    assert len(skipped) == 1
    assert "convert" in skipped[0].reason


@pytest.mark.parametrize("suffix", [".mts", ".3gp", ".wmv", ".flv", ".vob", ".y4m", ".QT"])
def test_suffixes_of_cameras(suffix, inside):
    touch(inside, f"films/a{suffix}")
    assert list_sources(["films"])[0] == [f"films/a{suffix}"]


def test_a_label_that_is_called_like_a_folder(inside):
    touch(inside, "walk/1.mp4", "walk/2.mp4", "b.mp4")
    for content in ("walk,walk/1.mp4\n", "walk walk/1.mp4\n", "walk/1.mp4 walk\n"):
        (inside / "list.csv").write_text(content)
        assert list_sources(["list.csv"])[0] == ["walk/1.mp4"]


def test_two_films_on_a_line(inside):
    touch(inside, "a.mp4", "b c.mp4")
    (inside / "list.txt").write_text('a.mp4 "b c.mp4"\n')
    assert list_sources(["list.txt"])[0] == ["a.mp4", "b c.mp4"]


def test_a_list_in_utf_16_without_its_mark(inside):
    touch(inside, "a.mp4", "b.mp4")
    (inside / "list.txt").write_bytes("a.mp4\n".encode("utf-16-le"))
    assert list_sources(["list.txt"])[0] == ["a.mp4"]


def test_an_animation_beside_many_frames(inside):
    touch(inside, *(f"takes/{number}.png" for number in range(5)))
    chunk = b"\x89PNG\r\n\x1a\n" + bytes(25) + b"acTL"
    (inside / "takes" / "move.png").write_bytes(chunk)
    assert list_sources(["takes"])[0] == ["takes"]
