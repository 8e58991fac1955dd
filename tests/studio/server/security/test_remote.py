"""Another device: the certificate and the access code."""

import hashlib
import re
import ssl
import threading
import time

import httpx2
import pytest
import uvicorn

from videospace.studio.server.security.access import TOKEN_HEADER
from videospace.studio.server.security.own_addresses import own_addresses
from videospace.studio.server.serve import StudioConfig, run_studio


class Running:
    """A studio that lets other devices in, and what it has said."""

    def __init__(self, said: str):
        self.said = said
        self.address = re.search(r"https://\S+", said)[0].rstrip("/")
        self.code = re.search(r"access code: (\S+)", said)[1]
        self.fingerprint = re.search(r"certificate: (\S+)", said)[1]

    def device(self) -> httpx2.Client:
        """Which trusts the certificate, as a person does who has compared it."""
        host, port = self.address.removeprefix("https://").rsplit(":", 1)
        pem = ssl.get_server_certificate((host, int(port)))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        assert digest == self.fingerprint.replace(":", "")
        trust = ssl.create_default_context(cadata=pem)
        return httpx2.Client(base_url=self.address, verify=trust, timeout=120)


@pytest.fixture
def remote(tmp_path, monkeypatch, capsys):
    """``videospace studio --allow-remote``."""
    servers = []
    run = uvicorn.Server.run

    def remember(self, **options):
        servers.append(self)
        run(self, **options)

    monkeypatch.setattr(uvicorn.Server, "run", remember)
    config = StudioConfig(data=tmp_path, allow_remote=True, port=0)
    thread = threading.Thread(target=run_studio, args=(config,))
    thread.start()
    while not (servers and servers[0].started):
        assert thread.is_alive()
        time.sleep(0.02)
    yield Running(capsys.readouterr().out)
    servers[0].should_exit = True
    thread.join()


def test_another_device_needs_the_code_and_can_check_who_answers(remote):
    host = own_addresses("0.0.0.0")[0]
    assert remote.address.startswith(f"https://{host}:")
    for word in ("access code", "certificate", "fingerprint"):
        assert word in remote.said
    with remote.device() as device:
        assert device.get("/").status_code == 200
        assert device.get("/api/profiles").status_code == 401
        assert device.post("/api/session", json={"code": "wrong"}).status_code == 403
        token = device.post("/api/session", json={"code": remote.code}).json()["token"]
        assert device.get("/api/profiles").status_code == 401  # the cookie alone is not enough
        named = {TOKEN_HEADER: token}
        assert (
            device.post("/api/profiles", json={"person": "Ann"}, headers=named).status_code == 201
        )
        for other in ("evil.example", "127.0.0.1", "localhost"):
            assert device.get("/api/profiles", headers={"Host": other}).status_code == 421
        evil = {**named, "Origin": "https://evil.example"}
        assert device.post("/api/profiles", json={"person": "Bo"}, headers=evil).status_code == 403
        assert [person["id"] for person in device.get("/api/profiles", headers=named).json()] == [
            "ann"
        ]
    with remote.device() as another:
        assert another.get("/api/profiles").status_code == 401


def test_codes_cannot_be_guessed_from_another_device(remote):
    with remote.device() as device:
        answers = [device.post("/api/session", json={"code": f"a{n}"}) for n in range(12)]
        assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
        assert answers[-1].headers["retry-after"] == "60"
        assert device.post("/api/session", json={"code": remote.code}).status_code == 429


def test_without_tls_there_is_no_answer(remote):
    address = remote.address.replace("https", "http")
    with pytest.raises(httpx2.TransportError):
        httpx2.get(address)
