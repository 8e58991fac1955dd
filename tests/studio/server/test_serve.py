"""The address of the studio, and its certificate."""

import socket
import ssl
import stat

import pytest

from videospace.cli import main
from videospace.studio.server.security import certificate as module
from videospace.studio.server.security.certificate import access_code, fingerprint, make_certificate


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--host", "there"], "there"),
        (["--port", "70000"], "70000"),
        (["--model", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_option_is_an_error_of_one_line(options, phrase, tmp_path, capsys):
    assert main(["studio", "--data", str(tmp_path / "data"), *options]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert phrase in said.err
    assert said.err.count("\n") == 1


def test_a_port_in_use_is_an_error(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["studio", "--data", str(tmp_path / "data"), "--port", port]) == 2
    assert port in capsys.readouterr().err


def test_the_certificate_is_private_and_can_be_used(tmp_path):
    certificate, key = make_certificate(tmp_path, ["192.168.1.5", "::1"])
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    first = fingerprint(certificate)
    assert len(first.split(":")) == 32


def test_the_certificate_is_kept_while_it_fits(tmp_path, monkeypatch):
    certificate, key = make_certificate(tmp_path, ["192.168.1.5", "192.168.1.6"])
    kept, secret = fingerprint(certificate), key.read_bytes()
    make_certificate(tmp_path, ["192.168.1.6"])
    assert (fingerprint(certificate), key.read_bytes()) == (kept, secret)
    for damaged in (certificate, key):
        damaged.write_text("nothing")
        make_certificate(tmp_path, ["192.168.1.6"])
        assert fingerprint(certificate) != kept
        kept = fingerprint(certificate)
    (tmp_path / "other").mkdir()
    make_certificate(tmp_path / "other", ["192.168.1.6"])
    key.write_bytes((tmp_path / "other" / key.name).read_bytes())  # of another certificate
    make_certificate(tmp_path, ["192.168.1.6"])
    assert fingerprint(certificate) != kept
    kept = fingerprint(certificate)
    make_certificate(tmp_path, ["192.168.1.7"])
    assert fingerprint(certificate) != kept
    monkeypatch.setattr(module, "RENEW_DAYS", 400)
    kept = fingerprint(certificate)
    make_certificate(tmp_path, ["192.168.1.7"])
    assert fingerprint(certificate) != kept


def test_codes_differ():
    assert len({access_code() for _ in range(100)}) == 100
