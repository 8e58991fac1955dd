"""Requests of the page of the video spaces."""

import base64
import dataclasses
import io
import threading
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image
from starlette.requests import Request
from tests.support.mouth_videos import encoded_video
from tests.support.small_spaces import small_space

from videospace.inrv.space.latent_files import load_latents
from videospace.inrv.space.neighbor_map import MAP_PACKAGES
from videospace.inrv.space.video_space import VideoSpace
from videospace.studio.server.sessions.spaces import Spaces

SMALL = "/api/spaces/small"
HEIGHT, WIDTH, FRAMES = 12, 16, 4
GERMAN = {"Accept-Language": "de"}


@pytest.fixture
def video(page) -> str:
    """The address of a video of a clip of the space."""
    return address_of(page.post(f"{SMALL}/videos/rendered", json={"start": "b"}))


def address_of(answer) -> str:
    assert answer.status_code == 201, answer.text
    return f"{SMALL}/videos/{answer.json()['id']}"


def pixels(answer) -> np.ndarray:
    """The pixels of an answer."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def frames_of(answer, num_frames=FRAMES) -> np.ndarray:
    """The frames of a strip."""
    strip = pixels(answer)
    return strip.reshape(num_frames, -1, *strip.shape[1:])


def packed(mask: np.ndarray) -> str:
    return base64.b64encode(np.packbits(mask)).decode()


@pytest.fixture
def finish(spaces, page) -> Callable[[], dict]:
    """Waits for the end of the job and returns its result."""

    def wait() -> dict:
        spaces.session("small").jobs.wait()
        job = page.get(f"{SMALL}/job").json()
        assert job["state"] == "done", job
        return job["result"]

    return wait


def test_pretrained_and_own_spaces_are_listed(page):
    listed = {each["id"]: each["is_pretrained"] for each in page.get("/api/spaces").json()}
    own = {"small": False, "tracked": False, "damaged": False}
    assert listed == {"bouncing-ball": True, "moving-mnist": True} | own


def test_a_pretrained_space_can_be_opened_and_moves(page):
    ball = page.get("/api/spaces/bouncing-ball").json()
    assert (ball["num_frames"], ball["height"], ball["fps"], ball["num_clips"]) == (25, 50, 25, 50)
    assert "ball" in ball["about"]
    assert len(ball["items"]) == 50
    assert ball["map_fraction"] > 0.5
    played = frames_of(
        page.get("/api/spaces/bouncing-ball/strip?start=ball-003&side=50&frames=25"), 25
    )
    assert played.shape == (25, 50, 50, 3)
    assert np.abs(np.diff(played.astype(int), axis=0)).max() > 100  # it moves


def test_the_map_keeps_the_variance_of_the_latents(page):
    space, items = small_space(), page.get(SMALL).json()["items"]
    assert [item["id"] for item in items[:5]] == list("abcde")
    scaled = space.latents / space.latents.square().mean(dim=1, keepdim=True).sqrt()
    centered = scaled - scaled.mean(dim=0)
    spread = np.sqrt(np.linalg.eigvalsh((centered.T @ centered).numpy())[::-1][:2])
    places = np.array([item["map_xy"] for item in items[:5]])
    assert np.linalg.norm(places, axis=0) == pytest.approx(spread, rel=1e-3)


def test_any_position_between_two_clips_is_rendered(page):
    ends = [frames_of(page.get(f"{SMALL}/strip?start={each}&side=16&frames=4")) for each in "ad"]
    assert ends[0].shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert np.array_equal(ends[0], small_space().render(small_space().latent("a")))
    way = [
        frames_of(page.get(f"{SMALL}/strip?start=a&end=d&ratio={ratio}&side=16&frames=4"))
        for ratio in (0, 0.5, 1)
    ]
    assert np.abs(way[0].astype(int) - ends[0]).max() <= 1
    assert np.abs(way[2].astype(int) - ends[1]).max() <= 1
    assert np.abs(way[1].astype(int) - ends[0]).mean() > 3
    assert frames_of(page.get(f"{SMALL}/strip?start=a&side=64&frames=9"), 9).shape == (9, 48, 64, 3)


def test_the_path_between_two_clips_starts_and_ends_at_them(page):
    items = {item["id"]: item["map_xy"] for item in page.get(SMALL).json()["items"]}
    way = page.get(f"{SMALL}/path?start=a&end=d").json()
    assert len(way) == 33
    assert way[0] == pytest.approx(items["a"], abs=1e-4)
    assert way[-1] == pytest.approx(items["d"], abs=1e-4)


def test_the_map_of_neighbors_is_computed_once_and_takes_new_items(page, spaces):
    pytest.importorskip("openTSNE")
    assert page.get(SMALL).json()["maps"][:2] == ["pca", "tsne"]
    page.get(f"{SMALL}/neighbors?method=tsne")
    spaces.session("small").neighbors["tsne"].wait()
    first = page.get(f"{SMALL}/neighbors?method=tsne").json()
    assert (first["ready"], first["problem"]) == (True, "")
    sample = page.post(f"{SMALL}/samples", json={"count": 1}).json()[0]["id"]
    places = page.get(f"{SMALL}/neighbors?method=tsne").json()["places"]
    assert {each: places[each] for each in first["places"]} == first["places"]
    way = page.get(f"{SMALL}/path?start=a&end={sample}&on=tsne").json()
    assert len(way) == 33
    assert (way[0], way[-1]) == (places["a"], places[sample])


def test_a_map_whose_package_is_missing_is_not_offered(page, spaces, monkeypatch):
    missing = dataclasses.replace(MAP_PACKAGES["umap"], module="there_is_no_umap")
    monkeypatch.setitem(MAP_PACKAGES, "umap", missing)
    assert "umap" not in page.get(SMALL).json()["maps"]
    page.get(f"{SMALL}/neighbors?method=umap")
    spaces.session("small").neighbors["umap"].wait()
    told = page.get(f"{SMALL}/neighbors?method=umap", headers=GERMAN).json()
    assert not told["ready"]
    assert told["problem"].startswith("die Karte")


def test_samples_are_on_the_map_and_can_be_rendered(page):
    wanted = {"count": 3, "method": "gaussian", "seed": 5}
    new = page.post(f"{SMALL}/samples", json=wanted)
    assert new.status_code == 201
    items = new.json()
    assert [item["kind"] for item in items] == ["sample"] * 3
    assert items[0] in page.get(SMALL).json()["items"]
    played = pixels(
        page.get(f"{SMALL}/strip?start=a&end={items[0]['id']}&ratio=1&side=16&frames=4")
    )
    truth = small_space().render(small_space().sample(3, method="gaussian", seed=5)[0])
    assert np.abs(played.astype(int) - truth.reshape(-1, WIDTH, 3)).max() <= 1


def test_a_latent_is_saved_as_a_file(page, tmp_path):
    answer = page.get(f"{SMALL}/latent?start=a&end=b&ratio=0")
    assert "latent.npz" in answer.headers["content-disposition"]
    (tmp_path / "latent.npz").write_bytes(answer.content)
    space = small_space()
    found = load_latents(tmp_path / "latent.npz", space).latents
    assert found[0].tolist() == pytest.approx(space.latent("a").tolist(), abs=1e-5)


def test_all_latents_are_saved_as_one_file(page, tmp_path):
    sample = page.post(f"{SMALL}/samples", json={"count": 1}).json()[0]
    (tmp_path / "all.npz").write_bytes(page.get(f"{SMALL}/latents").content)
    found = load_latents(tmp_path / "all.npz", small_space())
    assert found.names[:5] == list("abcde")
    assert sample["name"] in found.names
    assert torch.equal(found.latents[:5], small_space().latents)


def test_chosen_latents_are_saved_in_their_order(page, tmp_path):
    sample = page.post(f"{SMALL}/samples", json={"count": 1}).json()[0]
    chosen = page.post(f"{SMALL}/latents", json={"items": ["d", sample["id"], "a"]})
    (tmp_path / "some.npz").write_bytes(chosen.content)
    space = small_space()
    found = load_latents(tmp_path / "some.npz", space)
    assert found.names == ["d", sample["name"], "a"]
    assert torch.equal(found.latents[[0, 2]], space.latents[[3, 0]])


def test_the_mean_of_clips_is_a_new_sample(page):
    answer = page.post(f"{SMALL}/mean", json={"items": list("abd"), "name": "Mittel"})
    assert answer.status_code == 201
    mean = answer.json()
    assert (mean["kind"], mean["name"]) == ("sample", "Mittel")
    assert mean in page.get(SMALL).json()["items"]
    shown = frames_of(page.get(f"{SMALL}/strip?start={mean['id']}&side=16&frames=4"))
    space = small_space()
    truth = space.render(space.mean(space.latents[[0, 1, 3]]))
    assert np.abs(shown.astype(int) - truth).max() <= 1


def test_the_pictures_of_several_clips_are_rendered_together(page):
    shown = frames_of(page.get(f"{SMALL}/pictures?item=c&item=a&side=16"), 2)
    for picture, identity in zip(shown, "ca", strict=True):
        clip = small_space().render(small_space().latent(identity), num_frames=1)
        assert np.abs(picture.astype(int) - clip[0]).max() <= 1


def test_a_strip_that_nobody_waits_for_is_not_rendered_to_the_end(page, monkeypatch):
    drawn = []
    real = VideoSpace.render_frames

    def counted(*arguments, **options):
        for frame in real(*arguments, **options):
            drawn.append(frame)
            yield frame

    async def gone(self):
        return len(drawn) > 2

    monkeypatch.setattr(VideoSpace, "render_frames", counted)
    monkeypatch.setattr(Request, "is_disconnected", gone)
    assert page.get(f"{SMALL}/strip?start=a&side=16&frames=60").status_code == 400
    assert len(drawn) == 3


@pytest.mark.parametrize("kind", ["webm", "mp4"])
def test_an_uploaded_video_is_inverted(page, finish, kind):
    truth = small_space().render(small_space().latent("c"), height=48, num_frames=4)
    answer = page.post(
        f"{SMALL}/videos",
        content=encoded_video(truth, kind),
        headers={"Content-Type": f"video/{kind}"},
    )
    address = address_of(answer)
    assert (answer.json()["num_real"], answer.json()["fps"]) == (4, 25)
    assert answer.json()["problem"] == ""
    assert frames_of(page.get(f"{address}/strip")).shape == (FRAMES, HEIGHT, WIDTH, 3)
    begun = page.post(f"{address}/invert", json={"name": "my video", "max_steps": 40})
    assert (begun.status_code, begun.json()["kind"]) == (202, "inversion")
    result = finish()
    (found,) = result["found"]
    assert (found["item"]["kind"], found["item"]["name"]) == ("video", "my video")
    assert found["psnr_observed_db"] > 15
    assert found["psnr_hidden_db"] is None
    assert 0 < result["steps"] <= 40
    assert found["item"] in page.get(SMALL).json()["items"]
    assert result["panels"] == ["visible", "result", "error"]
    assert -1 <= found["ssim"] < 1
    strip = frames_of(page.get(f"{SMALL}/job/strip"))
    assert strip.shape == (FRAMES, HEIGHT, 3 * WIDTH + 4, 3)


def test_a_space_knows_its_own_clips(page, spaces):
    ball = "/api/spaces/bouncing-ball"
    opened = page.post(f"{ball}/videos/rendered", json={"start": "ball-007"}).json()
    page.post(f"{ball}/videos/{opened['id']}/invert", json={"max_steps": 60})
    spaces.session("bouncing-ball").jobs.wait()
    (found,) = page.get(f"{ball}/job").json()["result"]["found"]
    assert (found["knows"], found["ssim"] > 0.9) == ("well", True)


def test_a_space_says_that_it_does_not_know_a_video(page, finish):
    noise = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), np.uint8)
    headers = {"Content-Type": "video/mp4"}
    answer = page.post(f"{SMALL}/videos", content=encoded_video(noise, "mp4"), headers=headers)
    page.post(f"{address_of(answer)}/invert", json={"max_steps": 40})
    assert finish()["found"][0]["knows"] == "not"


def test_hidden_pixels_are_filled_in_and_scored(page, finish, video):
    hidden = np.zeros((HEIGHT, WIDTH), bool)
    hidden[3:9, 2:13] = True
    page.post(f"{video}/invert", json={"hidden": packed(hidden), "max_steps": 60})
    result = finish()
    assert result["found"][0]["psnr_hidden_db"] > 12
    strip = frames_of(page.get(f"{SMALL}/job/strip"))
    assert result["panels"] == ["visible", "result", "truth", "error"]
    seen, made, truth, error = (strip[:, :, 18 * panel :][:, :, :16] for panel in range(4))
    assert not error[:, ~hidden].any()
    assert error[:, hidden].any()
    assert np.array_equal(truth, frames_of(page.get(f"{video}/strip")))
    assert np.array_equal(made[:, ~hidden], truth[:, ~hidden])  # observed pixels stay
    assert not np.array_equal(made[:, hidden], truth[:, hidden])
    assert set(np.unique(seen[:, hidden])) == {88, 168}  # hatched


def test_hidden_frames_are_filled_in(page, finish, video):
    page.post(
        f"{video}/invert", json={"observed_frames": [0, 3], "max_steps": 5, "keep_observed": False}
    )
    finish()
    strip = frames_of(page.get(f"{SMALL}/job/strip"))
    assert set(np.unique(strip[1:3, :, :16])) == {88, 168}
    assert np.array_equal(strip[[0, 3], :, :16], strip[[0, 3], :, 36:52])


def test_several_futures_are_found_and_differ(page, finish, video):
    wanted = {"observed_frames": [0], "max_steps": 30, "samples": 3, "name": "future"}
    page.post(f"{video}/invert", json=wanted)
    found = finish()["found"]
    assert [clip["item"]["name"] for clip in found] == ["future 1", "future 2", "future 3"]
    assert len({clip["psnr_hidden_db"] for clip in found}) == 3
    agreements = [clip["psnr_observed_db"] for clip in found]
    assert agreements == sorted(agreements, reverse=True)
    strips = [frames_of(page.get(f"{SMALL}/job/strip?sample={number}")) for number in range(3)]
    results = [strip[:, :, 18:34] for strip in strips]
    assert all(np.array_equal(result[0], results[0][0]) for result in results)  # observed
    assert not np.array_equal(results[0][1:], results[1][1:])
    files = [page.get(f"{SMALL}/job/file?sample={number}").content for number in range(3)]
    assert len(set(files)) == 3
    assert page.get(f"{SMALL}/job/file?sample=3").status_code == 404
    assert page.get(f"{SMALL}/job/strip?sample=8").status_code == 422


def test_the_missing_frames_of_a_short_video_are_hidden(page, finish):
    short = small_space().render(small_space().latent("c"), height=48, num_frames=2)
    headers = {"Content-Type": "video/mp4"}
    answer = page.post(f"{SMALL}/videos", content=encoded_video(short, "mp4"), headers=headers)
    assert answer.json()["num_real"] == 2
    page.post(f"{address_of(answer)}/invert", json={"max_steps": 5})
    finish()
    strip = frames_of(page.get(f"{SMALL}/job/strip"))
    assert strip.shape[2] == 3 * WIDTH + 4  # the truth is not known
    assert not strip[2:, :, -WIDTH:].any()  # so no error is
    assert set(np.unique(strip[2:, :, :16])) == {88, 168}


def test_a_damaged_video_is_named(page):
    frames = np.random.default_rng(0).integers(0, 256, (4, 48, 64, 3), np.uint8)
    content = bytearray(encoded_video(frames, "mp4"))
    with av.open(io.BytesIO(content)) as container:
        packets = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    position, size = packets[2]
    content[position + size // 3 : position + size // 3 + 60] = bytes(60)
    headers = {"Content-Type": "video/mp4"}
    answer = page.post(f"{SMALL}/videos", content=bytes(content), headers=headers)
    assert "damaged" in answer.json()["problem"]


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_render_of_any_size_and_length_is_saved(page, finish, suffix, tmp_path):
    wanted = {"start": "a", "end": "b", "ratio": 0.4, "height": 24, "num_frames": 7, "fps": 10}
    begun = page.post(f"{SMALL}/render", json={**wanted, "suffix": suffix})
    assert begun.json()["kind"] == "render"
    assert finish()["found"] == []
    answer = page.get(f"{SMALL}/job/file")
    assert f'filename="small{suffix}"' in answer.headers["content-disposition"]
    file = tmp_path / f"film{suffix}"
    file.write_bytes(answer.content)
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert (len(frames), frames[0].shape) == (7, (24, 32, 3))
    assert page.get(f"{SMALL}/job/strip").status_code == 404


def test_one_job_runs_at_a_time_and_can_be_canceled(page, finish, video):
    wanted = {"max_steps": 2000, "restarts": 8}
    page.post(f"{video}/invert", json=wanted)
    again = page.post(f"{video}/invert", json=wanted)
    assert again.status_code == 422
    assert "another job is running" in again.json()["error"]
    while (job := page.get(f"{SMALL}/job").json())["fraction"] == 0 and job["state"] == "running":
        pass
    assert job["state"] == "running"
    assert "2000" in job["note"]
    stopped = page.delete(f"{SMALL}/job").json()
    assert (stopped["state"], stopped["result"]) == ("stopped", None)
    assert page.get(f"{SMALL}/job/file").status_code == 404
    before = len(page.get(SMALL).json()["items"])
    page.post(f"{SMALL}/render", json={"start": "a"})  # waits for the end of the canceled job
    finish()
    assert len(page.get(SMALL).json()["items"]) == before


@pytest.mark.parametrize(
    ("method", "address", "body", "status", "phrase"),
    [
        ("GET", "/api/spaces/nowhere", None, 404, "no such space"),
        ("GET", "/api/spaces/..%2fsmall", None, 404, "there is no"),
        ("GET", "/api/spaces/no%20space", None, 404, "no such space"),
        ("GET", "/api/spaces/damaged", None, 422, "damaged"),
        ("GET", f"{SMALL}/strip?start=z", None, 404, "'z'"),
        ("GET", f"{SMALL}/strip?start=a&ratio=2", None, 422, "query.ratio"),
        ("GET", f"{SMALL}/strip?start=a&ratio=nan", None, 422, "query.ratio"),
        ("GET", f"{SMALL}/strip?start=a&side=5000", None, 422, "query.side"),
        ("GET", f"{SMALL}/strip?start=a&side=768&frames=64", None, 422, "384 px"),
        ("GET", f"{SMALL}/pictures?item=a&item=z", None, 404, "'z'"),
        ("GET", f"{SMALL}/pictures", None, 422, "query.item"),
        ("GET", f"{SMALL}/path?start=a&end=z", None, 404, "'z'"),
        ("GET", f"{SMALL}/latent?start=z", None, 404, "'z'"),
        ("GET", f"{SMALL}/videos/video-0/strip", None, 404, "video is no longer"),
        ("GET", f"{SMALL}/neighbors?method=sne", None, 422, "query.method"),
        ("POST", f"{SMALL}/mean", {"items": ["a", "z"]}, 404, "'z'"),
        ("POST", f"{SMALL}/mean", {"items": []}, 422, "body.items"),
        ("POST", f"{SMALL}/mean", {"items": ["a"], "name": ""}, 422, "body.name"),
        ("POST", f"{SMALL}/latents", {"items": ["z"]}, 404, "'z'"),
        ("POST", f"{SMALL}/latents", {"items": ["a"] * 5000}, 422, "body.items"),
        ("POST", f"{SMALL}/samples", {"count": 99}, 422, "body.count"),
        ("POST", f"{SMALL}/samples", {"more": 9}, 422, "body.more"),
        ("POST", f"{SMALL}/render", {"start": "z"}, 404, "'z'"),
        ("POST", f"{SMALL}/render", {"start": "a", "height": 9999}, 422, "body.height"),
        (
            "POST",
            f"{SMALL}/render",
            {"start": "a", "height": 4000, "num_frames": 1000},
            422,
            "4000x5333 px",
        ),
        ("POST", f"{SMALL}/videos/video-0/invert", {}, 404, "video is no longer"),
    ],
)
def test_impossible_requests_are_refused(page, method, address, body, status, phrase):
    answer = page.request(method, address, json=body)
    assert answer.status_code == status, answer.text
    assert phrase in answer.json()["error"]


@pytest.mark.parametrize(
    ("wanted", "phrase"),
    [
        ({"hidden": "%"}, "mask"),
        ({"hidden": "AAAA"}, "12x16"),
        ({"hidden": packed(np.ones((HEIGHT, WIDTH), bool))}, "nothing is observed"),
        ({"observed_frames": []}, "nothing is observed"),
        ({"observed_frames": [7]}, "nothing is observed"),
        ({"max_steps": 0}, "body.max_steps"),
        ({"samples": 9}, "body.samples"),
    ],
)
def test_impossible_inversions_are_refused(page, video, wanted, phrase):
    answer = page.post(f"{video}/invert", json=wanted)
    assert answer.status_code == 422
    assert phrase in answer.json()["error"]


def test_the_error_of_a_damaged_space_hides_its_path(page, tmp_path_factory):
    told = page.get("/api/spaces/damaged").json()["error"]
    assert str(Path(tmp_path_factory.getbasetemp())) not in told


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"no video", "video/mp4", 422),
        (b"\x1a\x45\xdf\xa3 broken", "video/webm", 422),
        (b"", "image/png", 415),
    ],
)
def test_other_files_than_videos_are_refused(page, content, kind, status):
    answer = page.post(f"{SMALL}/videos", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert "/tmp" not in answer.json()["error"]


def test_too_many_videos_replace_the_oldest(page, video):
    for _ in range(8):
        page.post(f"{SMALL}/videos/rendered", json={"start": "a"})
    assert page.get(f"{video}/strip").status_code == 404


def test_closing_the_spaces_cancels_the_job(recording_reader):
    with Spaces(recording_reader) as spaces:
        session = spaces.session("bouncing-ball")
        started = threading.Event()

        def endless(callback):
            while True:
                callback(0.5, "step")
                started.set()

        session.jobs.start("endless", endless)
        assert started.wait(120)
        assert session.folder.is_dir()
    assert session.jobs.status.state == "stopped"
    assert not session.folder.exists()


def test_a_missing_folder_of_spaces_is_an_error_of_one_line(tmp_path, capsys):
    from videospace.cli import main

    options = ["--data", str(tmp_path / "data"), "--spaces", str(tmp_path / "nowhere")]
    assert main(["studio", "--port", "0", *options]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nowhere" in said
