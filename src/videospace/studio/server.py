"""The running studio: its address, its certificate, and what it says when it starts."""

import contextlib
import dataclasses
import ipaddress
import socket
import webbrowser
from pathlib import Path

import uvicorn

from videospace.lipreading.strategies import LearningSettings
from videospace.runtime.errors import UserError
from videospace.studio.app import build_app
from videospace.studio.certificate import access_code, fingerprint, make_certificate
from videospace.studio.films import FilmReader
from videospace.studio.guard import Keys
from videospace.studio.house import House
from videospace.studio.people import People

DEFAULT_FOLDER = Path.home() / "videospace-studio"
MOST_CONNECTIONS = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioConfig:
    """Where the studio answers, and where it keeps what it knows."""

    port: int = 8765
    """Port; 0 takes a free one."""
    data: Path = DEFAULT_FOLDER
    """Folder of the people's profiles, which only its owner may read."""
    host: str = "127.0.0.1"
    """Address to answer at; any but this machine's own needs --allow-remote."""
    allow_remote: bool = False
    """Let other devices in, over TLS and with an access code."""
    open: bool = False
    """Open the page in a browser."""
    model: Path | None = None
    """A model of 'videospace lipread pretrain' for new people. Without one, words are told apart
    by template matching."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""


def run_studio(config: StudioConfig) -> None:
    """Answer until somebody presses Ctrl-C.

    Raises:
        UserError: The port is taken, the address is not this machine's or needs allow_remote, or
            the folder cannot be written to.
    """
    is_local = _is_loopback(config.host)
    if not is_local and not config.allow_remote:
        raise UserError(
            f"expected an address of this machine alone such as 127.0.0.1, came {config.host}: "
            "--allow-remote lets other devices in"
        )
    people = People(config.data.expanduser(), config.model)
    keys = Keys(code=None if is_local else access_code())
    with _listening(config) as listening, FilmReader() as films:
        settings = LearningSettings(device=config.device, progress=False)
        app = build_app(House(people, films, settings), keys)
        server = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_graceful_shutdown=3,
            ws="none",
        )
        address = _address(config, listening)
        if not is_local:
            _use_certificate(server, people.folder, listening)
            print(f"access code: {keys.code}")
            print(f"certificate: {fingerprint(Path(str(server.ssl_certfile)))}")
            print("other devices can reach the studio now; they will ask whether to trust the")
            print("certificate, which the studio has made itself: compare the line above")
        print(f"videospace studio: {address} (Ctrl-C ends it)", flush=True)
        if config.open:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            uvicorn.Server(server).run(sockets=[listening])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UserError(f"expected an IP address, came '{host}'") from error


def _listening(config: StudioConfig) -> socket.socket:
    host = "127.0.0.1" if config.host == "localhost" else config.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= config.port < 2**16:
        raise UserError(f"expected a port from 0 to 65535, came {config.port}")
    try:
        return socket.create_server((host, config.port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot answer at {config.host}, port {config.port}: {error.strerror}; "
            "choose another with --port"
        ) from error


def _address(config: StudioConfig, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    scheme = "http" if _is_loopback(config.host) else "https"
    host = _own_addresses(host)[0]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"


def _use_certificate(server: uvicorn.Config, folder: Path, listening: socket.socket) -> None:
    addresses = _own_addresses(listening.getsockname()[0])
    certificate, key = make_certificate(folder, addresses)
    server.ssl_certfile, server.ssl_keyfile = certificate, key


def _own_addresses(host: str) -> list[str]:
    """The address itself or, where it stands for all, those of this machine."""
    if not ipaddress.ip_address(host).is_unspecified:
        return [host]
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        found = []
    own = {str(each[4][0]).partition("%")[0] for each in found}
    return sorted(own, key=lambda each: ipaddress.ip_address(each).is_loopback) or ["127.0.0.1"]
