"""The native API held to its own description: schemathesis makes requests up, and says which answers do not fit."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from podium.protocols.native.endpoint import PREFIX, Endpoint, has_body, split_request
from podium.protocols.native.routes import TOPICS
from podium.protocols.native.shapes import PageInput
from support import fuzzing
from support.server import running_server

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
ENDPOINTS = [endpoint for topic in TOPICS for endpoint in topic.endpoints]
ADMIN_KEY = "podium-" + "a" * 40
SIGNED_IN = {"Authorization": f"Bearer {ADMIN_KEY}"}
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


def modes_of(endpoint: Endpoint) -> list[GenerationMode]:
    """Where everything is text, there is nothing that would not fit."""
    _, rest = split_request(endpoint)
    told = (has_body(endpoint) and rest.__struct_fields__) or issubclass(endpoint.request, PageInput)
    return [POSITIVE, NEGATIVE] if told else [POSITIVE]


OPERATIONS = [
    pytest.param(endpoint, mode, id=f"{endpoint.method} {endpoint.path} {mode.value}")
    for endpoint in ENDPOINTS
    for mode in modes_of(endpoint)
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that its administrator asks: made up users do not close it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
        yield from served(tmp_path_factory.mktemp("openapi"))


def served(data: Path) -> Iterator[str]:
    with (
        running_server(data) as url,
        httpx.Client(base_url=url, headers=SIGNED_IN) as http,
    ):
        made = http.post("/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        assert http.put(f"/api/v1/runs/{made}/files/model/a.txt", content=b"a").is_success
        assert http.post("/api/v1/models", json={"name": "0"}).is_success
        assert http.post("/api/v1/models/0/versions", json={"source": f"runs:/{made}/model"}).is_success
        yield url
        assert http.get("/ready").is_success
        assert http.get("/api/v1/audit/verify").json()["intact"] is True


@pytest.fixture(scope="module")
def described(url: str) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")


@pytest.mark.parametrize(("endpoint", "mode"), OPERATIONS)
def test_every_answer_is_as_described(described: schemathesis.BaseSchema, endpoint: Endpoint, mode: GenerationMode):
    path = PREFIX + endpoint.path.replace(":path}", "}")
    case = described[path][endpoint.method].as_strategy(generation_mode=mode)

    @settings(
        max_examples=fuzzing.EXAMPLES or 4,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.generate],
    )
    @given(case)
    def attempt(case: schemathesis.Case) -> None:
        assert case.call_and_validate(checks=CHECKS, headers=SIGNED_IN).status_code != 401

    attempt()
