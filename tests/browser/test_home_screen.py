"""The pages on a home screen: kept by a service worker, and let in by a picture to scan."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.drawn_studio import DrawnStudio
from tests.support.page_actions import press, show_page, texts, wait, wait_for
from tests.support.page_checks import violations

from videospace.studio.languages.catalogues import languages
from videospace.studio.server import app
from videospace.studio.server.devices import RemoteAddress
from videospace.studio.server.shell import shell_files

pytestmark = pytest.mark.browser
CACHED = """
const done = arguments[0];
caches.keys().then(async (names) => {
  const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  done([names, requests.flat().map((request) => new URL(request.url))
    .map((url) => url.pathname + url.search)]);
});
"""
UPDATE = """
const done = () => arguments[0](null);
navigator.serviceWorker.getRegistration().then((found) => found.update()).then(done, done);
"""
"""As the next visit does, if something came between at this one."""
IS_KEPT = "document.documentElement.dataset.kept !== undefined"


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[DrawnStudio]:
    """A studio that other devices could open."""
    remote = RemoteAddress(address="https://192.0.2.1:8765/", fingerprint="AB:CD")
    studio = DrawnStudio(tmp_path / "data", remote=remote)
    yield studio
    studio.stop()


@pytest.fixture
def page(studio: DrawnStudio, face_browser: Any) -> Iterator[Any]:
    """The page Data, whose files are kept."""
    face_browser.get(f"{studio.address}#data")
    wait(face_browser, "byId('words').children.length === 2")
    wait(face_browser, "navigator.serviceWorker.controller?.state === 'activated'")
    yield face_browser
    face_browser.get("about:blank")


def cached(page: Any) -> tuple[list[str], set[str]]:
    """The names of the caches, and the paths in them."""
    names, paths = page.execute_async_script(CACHED)
    return names, {*paths}


def open_without_studio(page: Any, address: str) -> None:
    page.get("about:blank")
    page.get(address)
    assert page.execute_script(f"return {IS_KEPT}")
    wait(page, "byId('notice').textContent.includes('does not respond')")


def test_the_pages_open_without_the_studio_and_go_on_with_it(page, studio):
    show_page(page, "progress")
    (name,), paths = cached(page)
    words = {f"/words.json?language={language}" for language in ("", *languages())}
    assert paths == {*shell_files(app.STATIC), *words}  # no answer of /api
    studio.stop()
    open_without_studio(page, f"{studio.address}space/")
    open_without_studio(page, f"{studio.address}?from=home#data")
    studio.start()
    wait(page, "byId('words').children.length === 2 && byId('notice').hidden")
    assert page.execute_script(f"return {IS_KEPT}")
    assert cached(page) == ([name], paths)
    page.refresh()
    wait(page, "byId('words').children.length === 2")
    assert not page.execute_script(f"return {IS_KEPT}")


def test_a_newer_studio_never_gets_an_old_page(page, studio, tmp_path, monkeypatch):
    (old,), paths = cached(page)
    studio.stop()
    open_without_studio(page, studio.address)
    newer = tmp_path / "newer"
    shutil.copytree(app.STATIC, newer)
    index = newer / "index.html"
    index.write_text(index.read_text().replace("<header>", "<header id='newer'>"))
    monkeypatch.setattr(app, "STATIC", newer)
    studio.start()
    wait(page, f"byId('newer') && !({IS_KEPT}) && byId('person').value")
    wait_for(page, lambda: page.execute_async_script(UPDATE) or old not in cached(page)[0])
    names, found = cached(page)
    assert (len(names), found) == (1, paths)


def test_a_picture_lets_a_phone_in(page):
    assert "192.0.2.1" in texts(page, "#devices-state")[0]
    press(page, "#invite")
    wait(page, "byId('invitation-picture').naturalWidth > 200")
    assert texts(page, "#fingerprint") == ["AB:CD"]
    assert violations(page) == []
    show_page(page, "talk")
    show_page(page, "data")
    wait(page, "byId('invitation').hidden")
