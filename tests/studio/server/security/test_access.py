"""Access control: what the studio refuses."""

import pytest
from starlette.testclient import TestClient

from videospace.lipreading.profile.profile import Profile
from videospace.runtime.errors import BusyError
from videospace.studio.server.security.access import TOKEN_HEADER, Keys
from videospace.studio.server.security.addresses import is_own_host, is_own_origin, split_host


def test_every_answer_has_strict_headers(page):
    for address in ("/", "/api/profiles", "/api/nothing", "/nothing"):
        headers = page.get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8765",
        "127.0.0.1:80",
        "localhost@evil",
        "me@127.0.0.1:8765",
        "me:word@localhost:8765",
        "@localhost:8765",
        "localhost:8765:8765",
        "localhost:+8765",
        "localhost:8_765",
        "localhost:8765/",
        "127.0.0.01:8765",
        "127.1:8765",
        "[localhost]:8765",
        "",
        "[::",
    ],
)
def test_another_host_is_refused(page, host):
    answer = page.get("/api/profiles", headers={"Host": host})
    assert answer.status_code == 421
    assert "address" in answer.json()["error"]


@pytest.mark.parametrize(
    "host", ["LocalHost:8765", "127.0.0.1:08765", "localhost", "[::1]:8765", "[0:0::0:1]:08765"]
)
def test_an_own_host_has_one_normal_form(page, host):
    assert page.get("/api/profiles", headers={"Host": host}).status_code == 200
    name, port = split_host(host)
    shown = f"[{name}]" if ":" in name else name
    origin = f"HTTP://{shown.upper()}:{f'000{port}' if port else '80'}"
    headers = {"Host": host, "Origin": origin}
    assert page.get("/api/profiles", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("origin", "is_own"),
    [
        ("https://localhost", True),
        ("https://localhost:443", True),
        ("https://localhost:0443", True),
        ("https://localhost:444", False),
        ("http://localhost:443", False),
        ("https://me@localhost", False),
        ("https://localhost/", False),
        ("https://", False),
        ("localhost", False),
        ("null", False),
        ("", False),
    ],
)
def test_an_own_origin_has_one_normal_form(origin, is_own):
    for host in ("localhost", "localhost:443", "LOCALHOST:00443"):
        assert is_own_origin(origin, "https", host) == is_own


def test_one_of_two_origins_is_another_site(page):
    own = ("Origin", "http://127.0.0.1:8765")
    assert page.get("/api/profiles", headers=[own]).status_code == 200
    for other in (own, ("Origin", "http://evil.example")):
        for headers in ([own, other], [other, own]):
            assert page.get("/api/profiles", headers=headers).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "Cross-Site", " CROSS-SITE ", "same-site", "new"])
def test_a_request_of_another_site_is_refused_in_any_case(page, site):
    assert page.get("/api/profiles", headers={"Sec-Fetch-Site": site}).status_code == 403
    both = [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", site)]
    assert page.get("/api/profiles", headers=both).status_code == 403
    assert page.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "Same-Origin", "none"])
def test_a_request_of_the_page_or_the_person_is_answered_in_any_case(page, site):
    assert page.get("/api/profiles", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_own_hosts_are_those_of_this_machine():
    assert is_own_host("192.168.1.5:80", ("192.168.1.5", 80))
    assert is_own_host("192.168.1.5", ("192.168.1.5", 443))
    assert not is_own_host("192.168.1.6:80", ("192.168.1.5", 80))
    assert not is_own_host("localhost:80", ("192.168.1.5", 80))
    assert not is_own_host("localhost:80", None)
    assert not is_own_host("localhost:\u0668\u0660", ("127.0.0.1", 80))  # digits, but not ours


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9000"])
def test_another_site_is_refused(page, origin):
    answer = page.post("/api/profiles", json={"person": "A"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "another site" in answer.json()["error"]
    assert page.get("/api/profiles", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert page.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_without_the_token_nothing_changes(page):
    del page.headers[TOKEN_HEADER]
    answer = page.post("/api/profiles", json={"person": "Ann"})
    assert answer.status_code == 403
    assert "reload" in answer.json()["error"]
    assert page.get("/api/profiles").json() == []
    token = page.get("/api/session").json()["token"]
    named = {TOKEN_HEADER: token, "Origin": "http://127.0.0.1:8765"}
    assert page.post("/api/profiles", json={"person": "Ann"}, headers=named).status_code == 201


def test_other_devices_need_the_code(app_state, open_page):
    page = open_page(app_state, Keys(code="abcd-efgh"), "https://192.168.1.5")
    assert page.get("/api/profiles").status_code == 401
    assert page.get("/api/session").json() == {"needs": "code", "token": None}
    wrong = page.post("/api/session", json={"code": "abcd"})
    assert wrong.status_code == 403
    assert "access code" in wrong.json()["error"]
    right = page.post("/api/session", json={"code": "ABCD efgh"})
    assert right.json()["needs"] is None
    cookie = right.headers["set-cookie"]
    assert cookie.startswith("__Host-studio-443=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
    assert page.get("/api/profiles").json() == []


def test_codes_cannot_be_tried_for_long(app_state, open_page):
    page = open_page(app_state, Keys(code="abcd-efgh"))
    tried = [page.post("/api/session", json={"code": str(n)}).status_code for n in range(11)]
    assert tried == [403] * 10 + [429]
    refused = page.post("/api/session", json={"code": "abcd-efgh"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    with TestClient(page.app, page.base_url, client=("192.168.1.9", 50000)) as other:
        assert other.post("/api/session", json={"code": "abcd-efgh"}).status_code == 200


def test_a_busy_studio_says_when_to_retry(page, ann, monkeypatch):
    def be_busy(*_):
        raise BusyError("much is going on")

    monkeypatch.setattr(Profile, "words", be_busy)
    answer = page.get(f"{ann}/words")
    assert (answer.status_code, answer.json()) == (503, {"error": "much is going on"})
    assert answer.headers["retry-after"] == "2"


def test_uploads_are_limited_in_kind_and_size(page, ann):
    def send(content, kind):
        return page.post(f"{ann}/recordings", content=content, headers={"Content-Type": kind})

    refused = send(b"x", "video/avi")
    assert refused.status_code == 415
    assert "video/avi" in refused.json()["error"]
    assert send(b"x" * (2**16 + 1), "video/avi").status_code == 413
    assert send(b"x" * (32 * 2**20 + 1), "video/webm").status_code == 413

    def endless():
        for _ in range(33):
            yield b"x" * 2**20

    assert send(endless(), "video/webm").status_code == 413
    assert page.post("/api/profiles", content=(b" " * 2**15 for _ in range(3))).status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "application/zip", "video/webm"])
def test_before_the_code_is_entered_bodies_are_small(app_state, open_page, kind):
    page = open_page(app_state, Keys(code="abcd-efgh"))
    headers = {"Content-Type": kind}
    for content in (b" " * (2**16 + 1), (b" " * 2**15 for _ in range(3))):
        assert page.post("/api/session", content=content, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "name", ["..%2fann", "%5c..%5c", "ann%2f..", ".hidden", "a" * 5000, "ann%00"]
)
def test_ids_are_never_paths(page, ann, name):
    for address in (f"/api/profiles/{name}", f"{ann}/clips/{name}", f"/{name}"):
        answer = page.delete(address)
        assert answer.status_code in (404, 405)
        assert set(answer.json()) == {"error"}
    assert page.get(ann).json()["num_clips"] == 2


@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        ({}, "body.person"),
        ({"person": ""}, "empty"),
        ({"person": "A", "more": 1}, "body.more"),
        ({"person": "\u0007"}, "sign that cannot be shown"),
        ({"person": "   "}, "empty"),
    ],
)
def test_invalid_requests_are_refused(page, body, phrase):
    answer = page.post("/api/profiles", json=body)
    assert answer.status_code == 422
    assert phrase in answer.json()["error"]


def test_the_description_is_complete(page):
    described = page.get("/api/openapi.json").json()
    recording = described["paths"]["/api/profiles/{profile_id}/recordings"]["post"]
    assert set(recording["requestBody"]["content"]) == {
        "video/webm",
        "video/mp4",
        "video/quicktime",
    }
    assert set(recording["responses"]) == {"201", "4XX", "503"}
    assert described["paths"]["/api/profiles/{profile_id}/export"]["get"]["responses"]["200"][
        "content"
    ].keys() == {"application/zip"}
    assert all(
        "security" in operation
        for path, operations in described["paths"].items()
        for operation in operations.values()
        if path != "/api/session"
    )
