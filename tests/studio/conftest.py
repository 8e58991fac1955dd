"""A studio in this process, and a client for its requests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.support.mouth_videos import word_video
from tests.support.small_spaces import small_space, space_of_a_blob

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.studio.server.app import build_app
from videospace.studio.server.devices import RemoteAddress
from videospace.studio.server.security.access import TOKEN_HEADER, Keys
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.uploads import recordings
from videospace.studio.server.uploads.media import MediaProcess
from videospace.studio.server.uploads.recordings import RecordingReader

ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture(scope="session")
def recording_reader() -> Iterator[RecordingReader]:
    """A reader for all tests, with time limits for a busy machine."""
    with pytest.MonkeyPatch.context() as patch, RecordingReader() as reader:
        for name in ("MAX_SECONDS", "MAX_STILL_SECONDS"):
            patch.setattr(recordings, name, 120.0)
        yield reader


@pytest.fixture
def start_app(tmp_path: Path, recording_reader: RecordingReader) -> Callable[..., AppState]:
    """Starts a studio, always on the same folder."""

    def start(model: Path | None = None) -> AppState:
        settings = LearningSettings(progress=False, device="cpu", epochs=2)
        return AppState(Profiles(tmp_path / "data", model), recording_reader, settings)

    return start


@pytest.fixture
def app_state(start_app: Callable[..., AppState]) -> AppState:
    """A studio without profiles."""
    return start_app()


@pytest.fixture(scope="session")
def spaces(
    recording_reader: RecordingReader, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Spaces]:
    """The pretrained spaces, a small one, one with tracks, and one that is damaged."""
    folder = tmp_path_factory.mktemp("spaces")
    small_space().save_pretrained(folder / "small")
    space_of_a_blob(num_tracks=2).save_pretrained(folder / "tracked")
    small_space().save_pretrained(folder / "damaged")
    (folder / "damaged" / "codes.safetensors").write_bytes(b"nothing")
    (folder / "no space").mkdir()
    with Spaces(recording_reader, folder, "cpu") as spaces:
        yield spaces


@pytest.fixture(scope="session")
def media() -> Iterator[MediaProcess]:
    """A process that speaks for all tests."""
    with MediaProcess() as media:
        yield media


@pytest.fixture
def open_page(spaces: Spaces, media: MediaProcess) -> Iterator[Callable[..., TestClient]]:
    """Opens a client that sends the token with each request."""
    opened = []

    def start(
        app_state: AppState,
        keys: Keys | None = None,
        address: str = ADDRESS,
        remote: RemoteAddress | None = None,
    ) -> TestClient:
        keys = keys or Keys()
        client = TestClient(
            build_app(app_state, spaces, media, SymbolSet(None), keys, remote),
            address,
            raise_server_exceptions=False,
        )
        client.headers[TOKEN_HEADER] = keys.token
        opened.append(client)
        return client

    yield start
    for client in opened:
        client.close()


@pytest.fixture
def page(open_page: Any, app_state: AppState) -> TestClient:
    """A client of the studio without profiles."""
    return open_page(app_state)


@pytest.fixture
def ann(page: TestClient) -> str:
    """The address of a profile with two taught words."""
    created = page.post("/api/profiles", json={"person": "Ann"}).json()
    address = f"/api/profiles/{created['id']}"
    assert page.patch(address, json={"finder": "middle"}).status_code == 200
    for number, word in enumerate(("water", "bread")):
        recording = send_film(page, address, word_video(number), recognize=False)
        choice = {"word": word, "used": False}
        kept = page.post(f"{address}/recordings/{recording['id']}/choice", json=choice)
        assert kept.status_code == 201, kept.text
    return address


def send_film(page: TestClient, address: str, content: bytes, **parameters: Any) -> Any:
    """Upload a recording and return the answer."""
    answer = page.post(
        f"{address}/recordings",
        content=content,
        headers={"Content-Type": "video/webm;codecs=vp8"},
        params=parameters,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def send() -> Callable[..., Any]:
    """`send_film` as a fixture."""
    return send_film


@pytest.fixture
def make_film() -> Callable[..., bytes]:
    """`word_video` as a fixture."""
    return word_video
