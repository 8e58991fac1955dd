"""Malformed requests, generated from the studio's OpenAPI description."""

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
from videospace.studio.server.uploads.uploads import PICTURE, SOUND

NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)
"""Checks of every answer: no 5xx, and nothing that the description does not announce."""
PERSON = "Zoe"
NEGATIVE, POSITIVE = GenerationMode.NEGATIVE, GenerationMode.POSITIVE


@schemathesis.serializer("application/zip", "video/webm", "video/mp4", *SOUND.types, *PICTURE.types)
def _as_it_is(_: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


def malformed_requests(client: httpx2.Client, count: int, seed: int) -> dict[str, Any]:
    """Send malformed requests, the same number to each operation.

    About a quarter of them follow the description, to reach the code behind the validation. Most
    requests about a profile name one that exists.

    Args:
        client: A client that the studio lets in, with the token as a header. Profiles are created
            and deleted.
        count: Number of requests; fewer are sent to an operation that does not allow as many.
        seed: Seed of the generator.

    Returns:
        The number of requests, how often each status was returned, and the failures.
    """
    schema = schemathesis.openapi.from_dict(client.get("/api/openapi.json").json())
    operations = [cast(Ok, result).ok() for result in schema.get_all_operations()]
    each = -(-count // len(operations))
    checks = [cast(CheckFunction, CHECKS.get_one(name)) for name in NAMES]
    statuses: collections.Counter[int] = collections.Counter()
    failures: list[str] = []

    def send_and_check(case: Case) -> None:
        answer = send(client, case)
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=checks)
        except (AssertionError, ExceptionGroup) as error:
            asked = f"{case.method} {answer.request.url}: {answer.status_code} {answer.text[:200]}"
            failures.append(f"{asked}: {getattr(error, 'exceptions', error)}"[:1000])

    for operation in operations:
        created = client.post("/api/profiles", json={"person": PERSON})
        assert created.status_code == 201, created.text
        existing = created.json()["id"]
        known = {"profile_id": existing} if "{profile_id}" in operation.path else {}
        kinds = [(NEGATIVE, {}), (NEGATIVE, known), (NEGATIVE, known), (POSITIVE, known)]
        cases = [operation.as_strategy(mode, path_parameters=fixed) for mode, fixed in kinds]
        draw(one_of(cases), send_and_check, each, seed)
        client.delete(f"/api/profiles/{existing}")
    return {
        "operations": len(operations),
        "requests": statuses.total(),
        "statuses": {str(status): number for status, number in sorted(statuses.items())},
        "failures": failures[:20],
    }


def draw(cases: SearchStrategy[Case], ask: Callable[[Case], None], count: int, seed: int) -> None:
    """Call a function with this number of cases, or with all if there are fewer."""
    limits = hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        phases=[Phase.generate],
    )
    with contextlib.suppress(Unsatisfiable):  # an operation without input has no malformed requests
        limits(hypothesis.seed(seed)(hypothesis.given(cases)(ask)))()


def send(client: httpx2.Client, case: Case) -> httpx2.Response:
    """Send a case unchanged, with the token that every change needs."""
    raw = requests.Request(**case.as_transport_kwargs(str(client.base_url))).prepare()
    headers = {**raw.headers, TOKEN_HEADER: client.headers[TOKEN_HEADER]}
    content = cast(bytes | str | None, raw.body)
    return client.request(str(raw.method), str(raw.url), headers=headers, content=content)
