"""Malformed requests, drawn from the studio's own description of what it can be asked."""

import collections
import contextlib
from collections.abc import Callable
from typing import Any, cast

import httpx2
import hypothesis
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy, one_of
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, CheckFunction
from schemathesis.core.result import Ok

from videospace.studio.server.security.access import TOKEN_HEADER

NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
"""What every answer is held to: no 5xx, and nothing that the description does not announce."""
PERSON = "Ann"
NEGATIVE, POSITIVE = GenerationMode.NEGATIVE, GenerationMode.POSITIVE


@schemathesis.serializer("application/zip", "video/webm", "video/mp4")
def _as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def malformed_requests(client: httpx2.Client, count: int, seed: int) -> dict[str, Any]:
    """Ask what makes no sense, evenly spread over all that a studio can be asked.

    About a quarter keeps to the description, so that what lies behind the first check is reached,
    too. Most are about a person who exists, where an operation is about people.

    Args:
        client: Whose base address is the studio's. Its people are created and deleted.
        count: How many requests; each operation gets as many, where it can be asked so differently.
        seed: Of what is drawn.

    Returns:
        How many requests were made, how often each status got, and what was wrong.
    """
    token = client.get("/api/session").json()["token"]
    client.headers[TOKEN_HEADER] = token
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    operations = [cast(Ok, result).ok() for result in schema.get_all_operations()]
    each = -(-count // len(operations))
    checks = [cast(CheckFunction, CHECKS.get_one(name)) for name in NAMES]
    statuses: collections.Counter[int] = collections.Counter()
    failures: list[str] = []

    def ask(case: Case) -> None:
        answer = send(client, case)
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=checks)
        except (AssertionError, ExceptionGroup) as error:
            asked = f"{case.method} {answer.request.url}: {answer.status_code} {answer.text[:200]}"
            failures.append(f"{asked}: {getattr(error, 'exceptions', error)}"[:1000])

    for operation in operations:
        existing = client.post("/api/profiles", json={"person": PERSON}).json()["id"]
        known = {"person": existing} if "{person}" in operation.path else {}
        kinds = [(NEGATIVE, {}), (NEGATIVE, known), (NEGATIVE, known), (POSITIVE, known)]
        cases = [operation.as_strategy(mode, path_parameters=fixed) for mode, fixed in kinds]
        draw(one_of(cases), ask, each, seed)
        client.delete(f"/api/profiles/{existing}")
    return {
        "operations": len(operations),
        "requests": statuses.total(),
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "failures": failures[:20],
    }


def draw(cases: SearchStrategy[Case], ask: Callable[[Case], None], count: int, seed: int) -> None:
    """Ask with so many cases, or as many as there are."""
    limits = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        phases=[Phase.generate],
    )
    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong where nothing can be said
        limits(hypothesis.seed(seed)(hypothesis.given(cases)(ask)))()


def send(client: httpx2.Client, case: Case) -> httpx2.Response:
    """Send a case as it is, however odd, with the token that every change needs."""
    raw = requests.Request(**case.as_transport_kwargs(str(client.base_url))).prepare()
    headers = {**raw.headers, TOKEN_HEADER: client.headers[TOKEN_HEADER]}
    content = cast(bytes | str | None, raw.body)
    return client.request(str(raw.method), str(raw.url), headers=headers, content=content)
