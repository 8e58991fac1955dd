"""The running studio: its address, its certificate, and what it says when it starts."""

import contextlib
import dataclasses
import ipaddress
import socket
import webbrowser
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.runtime.errors import UserError
from videospace.runtime.native_libraries import limit_malloc_arenas
from videospace.studio.server.app import build_app
from videospace.studio.server.security.access import Keys
from videospace.studio.server.security.certificate import access_code, fingerprint, make_certificate
from videospace.studio.server.security.connections import (
    HEAD_SECONDS,
    PatientProtocol,
    own_addresses,
)
from videospace.studio.server.sessions.app_state import House
from videospace.studio.server.sessions.profiles import People
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.uploads.films import FilmReader
from videospace.studio.server.uploads.temp_dirs import private_temporary_files

DEFAULT_FOLDER = Path.home() / "videospace-studio"
MOST_CONNECTIONS = 200

INSTRUCTIONS = """\
Other devices in this network can reach the studio now. Open the address below on one of them.

  access code: {code}
  certificate: {print}

The browser will warn that the connection is not private, since the studio made the certificate
itself. Look at the certificate there: when its SHA-256 fingerprint is the one above, go on
("Advanced"). When it is another one, somebody else answers: do not give the code.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioConfig:
    """Where the studio answers, and where it keeps what it knows."""

    port: int = 8765
    """Port; 0 takes a free one."""
    data: Path = DEFAULT_FOLDER
    """Folder of the people's profiles, which only its owner may read."""
    host: str | None = None
    """Address to answer at; any but 127.0.0.1 needs --allow-remote. None stands for 127.0.0.1 or,
    with --allow-remote, for every address of this machine."""
    allow_remote: bool = False
    """Let other devices in, over TLS and with an access code."""
    open: bool = False
    """Open the page in a browser."""
    model: Path | None = None
    """A model of 'videospace lipread pretrain' for new people. Without one, words are told apart
    by template matching."""
    spaces: Path | None = None
    """Folder of trained video spaces for the page /space, each a folder in it; the spaces that come
    with videospace are there in any case."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""


def run_studio(config: StudioConfig) -> None:
    """Answer until somebody presses Ctrl-C.

    Raises:
        UserError: The port is taken, the address is not this machine's or needs allow_remote, or
            the folder cannot be written to.
    """
    host = _checked_host(config)
    limit_malloc_arenas()
    is_local = ipaddress.ip_address(host).is_loopback
    people = People(config.data.expanduser(), config.model)
    keys = Keys(code=None if is_local else access_code())
    with (
        _listening(host, config.port) as listening,
        private_temporary_files(people.folder),
        FilmReader() as films,
        Spaces(films, config.spaces, config.device) as spaces,
    ):
        settings = LearningSettings(device=config.device, progress=False)
        app = build_app(House(people, films, settings), spaces, keys)
        server = server_config(app)
        at, port = listening.getsockname()[:2]
        own = own_addresses(at)
        if not is_local:
            server.ssl_certfile, server.ssl_keyfile = make_certificate(people.folder, own)
            print(INSTRUCTIONS.format(code=keys.code, print=fingerprint(server.ssl_certfile)))
        address = f"{'http' if is_local else 'https'}://{_in_address(own[0])}:{port}/"
        print(f"videospace studio: {address} (Ctrl-C ends it)", flush=True)
        if config.open:
            webbrowser.open(address)
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to end it
            uvicorn.Server(server).run(sockets=[listening])


def server_config(app: ASGIApp) -> uvicorn.Config:
    """How an application is served: with limits, and without chatter."""
    return uvicorn.Config(
        app,
        http=PatientProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=int(HEAD_SECONDS),
        timeout_graceful_shutdown=3,
        ws="none",
    )


def _checked_host(config: StudioConfig) -> str:
    """The IP address to answer at."""
    host = config.host or ("0.0.0.0" if config.allow_remote else "127.0.0.1")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UserError(f"expected an IP address, got '{host}'") from error
    if not is_local and not config.allow_remote:
        raise UserError(
            f"expected an address of this machine alone such as 127.0.0.1, got {host}: "
            "--allow-remote lets other devices in"
        )
    return host


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port < 2**16:
        raise UserError(f"expected a port from 0 to 65535, got {port}")
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot answer at {host}, port {port}: {error.strerror}; choose another with --port"
        ) from error


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
