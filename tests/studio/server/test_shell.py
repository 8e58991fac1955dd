"""What a home screen needs of the pages: a manifest with icons, and a service worker."""

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from videospace.studio.languages.catalogues import languages
from videospace.studio.server.app import STATIC
from videospace.studio.server.shell import service_worker, shell_files


def test_the_manifest_names_icons_of_the_sizes_that_it_says(page):
    answer = page.get("/manifest.webmanifest")
    assert answer.headers["content-type"].startswith("application/manifest+json")
    manifest = answer.json()
    assert manifest["start_url"] == manifest["scope"] == "/"
    assert manifest["display"] == "standalone"
    sizes = set()
    for icon in manifest["icons"]:
        found = page.get(icon["src"])
        assert found.headers["content-type"] == icon["type"]
        sizes.add((icon["sizes"], icon["purpose"]))
        if icon["type"] == "image/png":
            with Image.open(io.BytesIO(found.content)) as picture:
                assert "{}x{}".format(*picture.size) == icon["sizes"]
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes


@pytest.mark.parametrize("address", ["/", "/space/"])
def test_every_page_leads_to_the_manifest_and_an_icon_for_ios(page, address):
    html = page.get(address).text
    for relation in ("manifest", "apple-touch-icon"):
        (found,) = re.findall(rf'<link rel="{relation}" href="([^"]+)"', html)
        assert page.get(f"{address}{found}").status_code == 200
    assert 'name="theme-color"' in html


def test_the_service_worker_keeps_every_file_and_the_words(page):
    answer = page.get("/service-worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "worker-src 'self'" in answer.headers["content-security-policy"]
    kept = json.loads(constant(answer.text, "KEPT"))
    assert {"/", "/space/", "/talk/main.js", "/manifest.webmanifest"} <= {*kept}
    words = {address for address in kept if address.startswith("/words.json?language=")}
    assert {address.partition("=")[2] for address in words} == {"", *languages()}
    assert kept.keys() - words == shell_files(STATIC).keys()
    for address in kept:
        assert page.get(address).status_code == 200


def constant(script: str, name: str) -> str:
    (value,) = re.findall(f"const {name} = (.*);", script)
    return value


def test_the_service_worker_changes_with_every_file(tmp_path: Path):
    (tmp_path / "service-worker.js").write_text("one")
    (tmp_path / "talk").mkdir()
    (tmp_path / "talk" / "main.js").write_text("one")
    first = service_worker(tmp_path)
    assert service_worker(tmp_path) == first
    versions = {constant(first, "VERSION")}
    for name in ("talk/main.js", "service-worker.js", "new.css"):
        (tmp_path / name).write_text("two")
        versions.add(constant(service_worker(tmp_path), "VERSION"))
    assert len(versions) == 4
