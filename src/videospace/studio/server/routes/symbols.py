"""Requests about symbols."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from videospace.studio.server.routes.speech_schemas import Symbol, Symbols
from videospace.studio.server.sessions.symbols import SymbolSet
from videospace.studio.server.uploads.uploads import file_answer

FILES = file_answer("image/svg+xml", "image/png", "image/webp")


def symbol_routes(symbols: SymbolSet) -> APIRouter:
    """The routes of the symbol set."""
    routes = APIRouter(tags=["symbols"])

    @routes.get("/symbols")
    def find(text: Annotated[str, Query(max_length=100)] = "") -> Symbols:
        found = [Symbol(id=each.id, name=each.name) for each in symbols.find(text)]
        return Symbols(title=symbols.title, symbols=found)

    @routes.get("/symbols/file", response_class=Response, responses=FILES)
    def show(identity: Annotated[str, Query(max_length=500)]) -> Response:
        content, kind = symbols.content(identity)
        return Response(content, media_type=kind)

    return routes
