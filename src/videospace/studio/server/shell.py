"""The words of the pages, and their service worker, which keeps words and files of the pages."""

import base64
import hashlib
import json
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from videospace.studio.languages.catalogues import chosen_language, languages, page_words

WORDS = "/words.json"
SERVICE_WORKER = "service-worker.js"
INDEX = "index.html"


def shell_files(static: Path) -> dict[str, str]:
    """The files of the pages, by their path in an address.

    Args:
        static: Folder of the files.

    Returns:
        Their digests, as browsers write them (``sha256-...``).

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "index.html").write_text("Hello")
        >>> shell_files(folder)
        {'/': 'sha256-GF+NsyJx/iX1Yab8k4suJkMG7DBO2lGAB9F2SCY4GWk='}
    """
    files = {}
    for path in sorted(path for path in static.rglob("*") if path.is_file()):
        address = f"/{path.relative_to(static).as_posix()}"
        if path.name != SERVICE_WORKER:
            files[address.removesuffix(INDEX)] = _digest(path.read_bytes())
    return files


def shell_routes(static: Path) -> APIRouter:
    """The routes of the words, and of the service worker, which changes with all that it keeps.

    Args:
        static: Folder of the files.
    """
    routes = APIRouter(include_in_schema=False)
    script = service_worker(static)

    @routes.get(f"/{SERVICE_WORKER}")
    def read_service_worker() -> Response:
        return Response(script, media_type="text/javascript")

    @routes.get(WORDS)
    def read_words(request: Request, language: str = "") -> JSONResponse:
        wanted = language or request.headers.get("accept-language", "")
        return JSONResponse(
            page_words(chosen_language(wanted)), headers={"Vary": "Accept-Language"}
        )

    return routes


def service_worker(static: Path) -> str:
    """The script that a browser keeps the pages by, with the addresses that it keeps.

    Args:
        static: Folder of the files.
    """
    addresses = shell_files(static)
    words = {language: page_words(language) for language in languages()}
    for language in ("", *words):  # without a name, it is the one that the browser prefers
        addresses[f"{WORDS}?language={language}"] = ""
    code = (static / SERVICE_WORKER).read_text(encoding="utf-8")
    version = _digest(json.dumps([addresses, words, code]).encode())
    constants = {"VERSION": version, "WORDS": WORDS, "KEPT": addresses}
    lines = [f"const {name} = {json.dumps(value)};" for name, value in constants.items()]
    return "\n".join([*lines, code])


def _digest(content: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"
