"""What the page of the video space and the studio say to each other."""

import base64
import io
import time
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.support.mouth_films import film
from tests.support.small_spaces import small_space

from videospace.inrv.space.latent_files import load_latents
from videospace.studio.server.sessions.spaces import Spaces

SMALL = "/api/spaces/small"
HEIGHT, WIDTH, FRAMES = 12, 16, 4


@pytest.fixture
def video(page) -> str:
    """The address of a video of a clip of the space."""
    return address_of(page.post(f"{SMALL}/videos/rendered", json={"start": "b"}))


def address_of(answer) -> str:
    assert answer.status_code == 201, answer.text
    return f"{SMALL}/videos/{answer.json()['id']}"


def pixels(answer) -> np.ndarray:
    """The picture that got."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def frames_of(answer, num_frames=FRAMES) -> np.ndarray:
    """The frames of a strip."""
    strip = pixels(answer)
    return strip.reshape(num_frames, -1, *strip.shape[1:])


def packed(mask: np.ndarray) -> str:
    return base64.b64encode(np.packbits(mask)).decode()


def await_end(page, seconds=60.0) -> dict:
    end = time.monotonic() + seconds
    while (work := page.get(f"{SMALL}/work").json())["state"] == "running":
        assert time.monotonic() < end, work
        time.sleep(0.02)
    return work


def done(page) -> dict:
    work = await_end(page)
    assert work["state"] == "done", work
    return work["result"]


def test_pretrained_spaces_and_those_of_the_folder_can_be_picked(page):
    listed = {each["id"]: each["is_pretrained"] for each in page.get("/api/spaces").json()}
    assert listed == {"bouncing-ball": True, "moving-mnist": True, "small": False, "damaged": False}


def test_a_pretrained_space_is_there_at_once(page):
    ball = page.get("/api/spaces/bouncing-ball").json()
    assert (ball["num_frames"], ball["height"], ball["fps"], ball["num_clips"]) == (25, 50, 25, 50)
    assert "ball" in ball["about"]
    assert len(ball["points"]) == 50
    assert ball["map_share"] > 0.5
    played = frames_of(
        page.get("/api/spaces/bouncing-ball/film?start=ball-003&side=50&frames=25"), 25
    )
    assert played.shape == (25, 50, 50, 3)
    assert np.abs(np.diff(played.astype(int), axis=0)).max() > 100  # it moves


def test_clips_have_places_on_the_map(page):
    space, points = small_space(), page.get(SMALL).json()["points"]
    assert [point["id"] for point in points[:5]] == list("abcde")
    scaled = space.latents / space.latents.square().mean(dim=1, keepdim=True).sqrt()
    centered = scaled - scaled.mean(dim=0)
    spread = np.sqrt(np.linalg.eigvalsh((centered.T @ centered).numpy())[::-1][:2])
    places = np.array([[point["x"], point["y"]] for point in points[:5]])
    assert np.linalg.norm(places, axis=0) == pytest.approx(spread, rel=1e-3)


def test_films_of_any_place_between_two_clips(page):
    ends = [frames_of(page.get(f"{SMALL}/film?start={each}&side=16&frames=4")) for each in "ad"]
    assert ends[0].shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert np.array_equal(ends[0], small_space().render(small_space().latent("a")))
    way = [
        frames_of(page.get(f"{SMALL}/film?start=a&end=d&ratio={ratio}&side=16&frames=4"))
        for ratio in (0, 0.5, 1)
    ]
    assert np.abs(way[0].astype(int) - ends[0]).max() <= 1
    assert np.abs(way[2].astype(int) - ends[1]).max() <= 1
    assert np.abs(way[1].astype(int) - ends[0]).mean() > 3
    assert frames_of(page.get(f"{SMALL}/film?start=a&side=64&frames=9"), 9).shape == (9, 48, 64, 3)


def test_the_way_between_two_clips_is_drawn_on_the_map(page):
    points = {point["id"]: [point["x"], point["y"]] for point in page.get(SMALL).json()["points"]}
    way = page.get(f"{SMALL}/path?start=a&end=d").json()
    assert len(way) == 33
    assert way[0] == pytest.approx(points["a"], abs=1e-4)
    assert way[-1] == pytest.approx(points["d"], abs=1e-4)


def test_samples_join_the_map_and_can_be_ends(page):
    wish = {"count": 3, "method": "gaussian", "seed": 5}
    new = page.post(f"{SMALL}/samples", json=wish)
    assert new.status_code == 201
    points = new.json()
    assert [point["kind"] for point in points] == ["sample"] * 3
    assert points[0] in page.get(SMALL).json()["points"]
    played = pixels(
        page.get(f"{SMALL}/film?start=a&end={points[0]['id']}&ratio=1&side=16&frames=4")
    )
    truth = small_space().render(small_space().sample(3, method="gaussian", seed=5)[0])
    assert np.abs(played.astype(int) - truth.reshape(-1, WIDTH, 3)).max() <= 1


def test_a_latent_goes_out_as_a_file(page, tmp_path):
    answer = page.get(f"{SMALL}/latent?start=a&end=b&ratio=0")
    assert "latent.npz" in answer.headers["content-disposition"]
    (tmp_path / "latent.npz").write_bytes(answer.content)
    space = small_space()
    found = load_latents(tmp_path / "latent.npz", space).latents
    assert found[0].tolist() == pytest.approx(space.latent("a").tolist(), abs=1e-5)


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_a_film_from_outside_is_found_in_the_space(page, kind):
    truth = small_space().render(small_space().latent("c"), height=48, num_frames=4)
    answer = page.post(
        f"{SMALL}/videos", content=film(truth, kind), headers={"Content-Type": f"video/{kind}"}
    )
    address = address_of(answer)
    assert (answer.json()["num_real"], answer.json()["fps"]) == (4, 25)
    assert frames_of(page.get(f"{address}/film")).shape == (FRAMES, HEIGHT, WIDTH, 3)
    begun = page.post(f"{address}/search", json={"name": "my film", "max_steps": 40})
    assert (begun.status_code, begun.json()["kind"]) == (202, "search")
    result = done(page)
    assert (result["point"]["kind"], result["point"]["name"]) == ("video", "my film")
    assert result["psnr_seen_db"] > 15
    assert result["psnr_hidden_db"] is None
    assert 0 < result["steps"] <= 40
    assert result["point"] in page.get(SMALL).json()["points"]
    strip = frames_of(page.get(f"{SMALL}/work/strip"))
    assert strip.shape == (FRAMES, HEIGHT, 2 * WIDTH + 2, 3)


def test_what_is_painted_over_is_filled_in_and_judged(page, video):
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[3:9, 2:13] = True
    page.post(f"{video}/search", json={"hidden": packed(hidden), "max_steps": 60})
    result = done(page)
    assert result["psnr_hidden_db"] > 12
    strip = frames_of(page.get(f"{SMALL}/work/strip"))
    seen, made, truth = strip[:, :, :16], strip[:, :, 18:34], strip[:, :, 36:]
    assert np.array_equal(truth, frames_of(page.get(f"{video}/film")))
    assert np.array_equal(made[:, ~hidden], truth[:, ~hidden])  # what is seen stays
    assert not np.array_equal(made[:, hidden], truth[:, hidden])
    assert set(np.unique(seen[:, hidden])) == {88, 168}  # hatched


def test_frames_that_are_not_seen_are_filled_in(page, video):
    page.post(f"{video}/search", json={"seen": [0, 3], "max_steps": 5, "keep_detail": False})
    done(page)
    strip = frames_of(page.get(f"{SMALL}/work/strip"))
    assert set(np.unique(strip[1:3, :, :16])) == {88, 168}
    assert np.array_equal(strip[[0, 3], :, :16], strip[[0, 3], :, 36:])


def test_a_film_that_is_too_short_is_known_as_far_as_it_goes(page):
    short = small_space().render(small_space().latent("c"), height=48, num_frames=2)
    headers = {"Content-Type": "video/mp4"}
    answer = page.post(f"{SMALL}/videos", content=film(short, "mp4"), headers=headers)
    assert answer.json()["num_real"] == 2
    page.post(f"{address_of(answer)}/search", json={"max_steps": 5})
    done(page)
    strip = frames_of(page.get(f"{SMALL}/work/strip"))
    assert strip.shape[2] == 2 * WIDTH + 2  # nobody knows the rest
    assert set(np.unique(strip[2:, :, :16])) == {88, 168}


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_any_size_and_length_is_rendered_into_a_file(page, suffix, tmp_path):
    wish = {"start": "a", "end": "b", "ratio": 0.4, "height": 24, "num_frames": 7, "fps": 10}
    begun = page.post(f"{SMALL}/render", json={**wish, "suffix": suffix})
    assert begun.json()["kind"] == "render"
    assert done(page)["point"] is None
    answer = page.get(f"{SMALL}/work/file")
    assert f'filename="small{suffix}"' in answer.headers["content-disposition"]
    file = tmp_path / f"film{suffix}"
    file.write_bytes(answer.content)
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (len(frames), frames[0].shape) == (7, (24, 32, 3))
    assert page.get(f"{SMALL}/work/strip").status_code == 404


def test_one_thing_is_done_at_a_time_and_can_be_canceled(page, video):
    wish = {"max_steps": 2000, "restarts": 8}
    page.post(f"{video}/search", json=wish)
    again = page.post(f"{video}/search", json=wish)
    assert again.status_code == 422
    assert again.json() == {
        "error": "something is being worked on: wait for it, or cancel it first"
    }
    end = time.monotonic() + 30
    while (work := page.get(f"{SMALL}/work").json())["fraction"] == 0:
        assert time.monotonic() < end
    assert (work["state"], work["note"][-15:]) == ("running", "of at most 2000")
    stopped = page.delete(f"{SMALL}/work").json()
    assert (stopped["state"], stopped["result"]) == ("stopped", None)
    assert page.get(f"{SMALL}/work/file").status_code == 404
    before = len(page.get(SMALL).json()["points"])
    page.post(f"{SMALL}/render", json={"start": "a"})  # waits for the end of what was canceled
    done(page)
    assert len(page.get(SMALL).json()["points"]) == before


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "sentence"),
    [
        ("GET", "/api/spaces/nowhere", None, 404, "there is no such space here"),
        ("GET", "/api/spaces/..%2fsmall", None, 404, "there is no"),
        ("GET", "/api/spaces/no%20space", None, 404, "there is no such space here"),
        ("GET", "/api/spaces/damaged", None, 422, "damaged"),
        ("GET", f"{SMALL}/film?start=z", None, 404, "the point 'z' is no longer here"),
        ("GET", f"{SMALL}/film?start=a&ratio=2", None, 422, "query.ratio"),
        ("GET", f"{SMALL}/film?start=a&ratio=nan", None, 422, "query.ratio"),
        ("GET", f"{SMALL}/film?start=a&side=5000", None, 422, "query.side"),
        ("GET", f"{SMALL}/path?start=a&end=z", None, 404, "the point 'z'"),
        ("GET", f"{SMALL}/latent?start=z", None, 404, "the point 'z'"),
        ("GET", f"{SMALL}/videos/video-0/film", None, 404, "the video is no longer here"),
        ("POST", f"{SMALL}/samples", {"count": 99}, 422, "body.count"),
        ("POST", f"{SMALL}/samples", {"more": 9}, 422, "body.more"),
        ("POST", f"{SMALL}/render", {"start": "z"}, 404, "the point 'z'"),
        ("POST", f"{SMALL}/render", {"start": "a", "height": 9999}, 422, "body.height"),
        (
            "POST",
            f"{SMALL}/render",
            {"start": "a", "height": 4000, "num_frames": 1000},
            422,
            "1000 frames of 4000x5333 px are too many for a page",
        ),
        ("POST", f"{SMALL}/videos/video-0/search", {}, 404, "the video is no longer here"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(page, method, address, body, status, sentence):
    answer = page.request(method, address, json=body)
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"hidden": "%"}, "expected the mask as base64"),
        ({"hidden": "AAAA"}, "expected a mask of 12x16 px, a bit for each, got 3 bytes"),
        ({"hidden": packed(np.ones((HEIGHT, WIDTH), bool))}, "nothing is observed"),
        ({"seen": []}, "nothing is observed between frames 0 and 3"),
        ({"seen": [7]}, "nothing is observed between frames 0 and 3"),
        ({"max_steps": 0}, "body.max_steps"),
    ],
)
def test_wishes_that_cannot_be_met(page, video, wish, sentence):
    answer = page.post(f"{video}/search", json=wish)
    assert answer.status_code == 422
    assert sentence in answer.json()["error"]


def test_a_damaged_space_does_not_tell_where_it_lies(page, tmp_path_factory):
    told = page.get("/api/spaces/damaged").json()["error"]
    assert str(Path(tmp_path_factory.getbasetemp())) not in told


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"no film", "video/mp4", 422),
        (b"\x1a\x45\xdf\xa3 broken", "video/webm", 422),
        (b"", "image/png", 415),
    ],
)
def test_what_is_no_film_is_refused(page, content, kind, status):
    answer = page.post(f"{SMALL}/videos", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "/tmp" not in answer.json()["error"]


def test_the_oldest_video_makes_room(page, video):
    for _ in range(8):
        page.post(f"{SMALL}/videos/rendered", json={"start": "a"})
    assert page.get(f"{video}/film").status_code == 404


def test_the_end_of_the_studio_ends_the_work(film_reader):
    with Spaces(film_reader) as spaces:
        desk = spaces.desk("bouncing-ball")

        def endless(tell):
            while True:
                tell(0.5, "on and on")

        desk.worker.start("endless", endless)
        assert desk.folder.is_dir()
    assert desk.worker.work.state == "stopped"
    assert not desk.folder.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    from videospace.cli import main

    options = ["--data", str(tmp_path / "data"), "--spaces", str(tmp_path / "nowhere")]
    assert main(["studio", "--port", "0", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "expected a folder of spaces, but there is no folder" in said
