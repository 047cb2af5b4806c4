"""What holds for every endpoint of the native API: problems, unknown fields, times, the description."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from starlette.requests import Request

from podium import errors
from podium.protocols.native.decode import InvalidField
from podium.protocols.native.errors import PROBLEMS, shape_error
from podium.protocols.native.routes import TOPICS
from podium.protocols.native.search import _split
from podium.protocols.native.shapes import parse_time, shown

ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and value is not errors.PodiumError]
REQUEST = {"type": "http", "method": "GET", "path": "/api/v1/x", "headers": [], "query_string": b""}


def problem_of(error: Exception) -> dict:
    response = shape_error(Request(REQUEST), error)
    assert response.media_type == "application/problem+json"
    return json.loads(response.body) | {"http": response.status_code}


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_domain_error_has_a_problem_of_its_own(kind):
    assert kind in PROBLEMS
    problem = problem_of(kind("what happened"))
    assert problem["http"] == problem["status"] >= 400
    assert problem["detail"] == "what happened"
    assert problem["instance"] == "/api/v1/x"
    assert problem["title"]


def test_problem_types_are_distinct():
    assert len({name for name, _, _ in PROBLEMS.values()}) == len(PROBLEMS)


def test_a_problem_names_the_field():
    assert problem_of(InvalidField("tags.a", "no"))["field"] == "tags.a"


def test_unexpected_errors_keep_their_insides():
    problem = problem_of(RuntimeError("secret"))
    assert problem["http"] == 500
    assert "secret" not in str(problem)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"nam": "a"}', "nam"),
        (b"{}", "name"),
        (b'{"name": 5}', "name"),
        (b'{"name": ""}', "name"),
        (b'{"name": "a", "tags": {"k": 1}}', "tags[...]"),
        (b'{"name": "a\\u0000"}', "name"),
        (b"[1]", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (b'{"name": "\\ud800"}', None),
    ],
)
def test_bodies_that_do_not_fit_are_refused_by_field(http: httpx.Client, body, field):
    response = http.post("/api/v1/projects", content=body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json().get("field") == field


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=many", "limit=1&limit=2", "cursor=x", "colour=red", "filter=name+%3D", "view=x"],
)
def test_queries_that_do_not_fit_are_refused(http: httpx.Client, query):
    response = http.get(f"/api/v1/projects?{query}")
    assert response.status_code == 400
    assert response.json()["type"] == "urn:podium:problem:invalid-argument"


def test_unknown_endpoints_and_methods(http: httpx.Client):
    for response in (http.get("/api/v1/nothing"), http.put("/api/v1/projects"), http.get("/api/v1/")):
        assert response.status_code == 404
        assert response.json()["type"] == "urn:podium:problem:endpoint-not-found"


def test_an_unknown_team_has_nothing(http: httpx.Client):
    assert http.get("/api/v1/projects", headers={"X-Podium-Team": "nobody"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("2026-11-01T12:00Z", "2026-11-01T12:00:00+00:00"),
        ("2026-11-01T12:00:00.25+02:00", "2026-11-01T10:00:00.250000+00:00"),
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
    ],
)
def test_times_are_read_as_utc(text, exact):
    assert shown(parse_time("time", text)).isoformat() == exact


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00+14:00x", "2026-13-01"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(errors.InvalidArgument):
        parse_time("time", text)


def test_times_beyond_the_calendar_are_shown_as_its_ends():
    assert shown(2**63 - 1) == datetime.max.replace(tzinfo=UTC)
    assert shown(-(2**63)) == datetime.min.replace(tzinfo=UTC)


def test_orders_are_split_outside_of_quotes():
    assert _split("name DESC, `params.a, b` ASC,") == ["name DESC", "`params.a, b` ASC"]


def test_the_description_lists_every_endpoint(http: httpx.Client):
    document = http.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    described = {(method, path) for path, item in document["paths"].items() for method in item}
    declared = {
        (endpoint.method.lower(), "/api/v1" + endpoint.path.replace(":path}", "}"))
        for topic in TOPICS
        for endpoint in topic.endpoints
    }
    assert described == declared
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(set(names)) == len(names)


def test_references_of_the_description_lead_somewhere(http: httpx.Client):
    text = http.get("/api/v1/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    used = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert used <= set(schemas)


def test_the_page_loads_nothing_from_elsewhere(http: httpx.Client):
    page = http.get("/api/v1/docs")
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "//" not in page.text.replace("<!doctype html>", "")
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "docs.js"):
        assert http.get(f"/api/v1/docs/{name}").status_code == 200
