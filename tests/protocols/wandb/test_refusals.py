"""What the client is told of failures: whether to try again is in the status alone, and it may try for a week."""

import httpx
import pytest

from podium.errors import PodiumError, StorageError, StorageFull, StorageUnavailable, TooSlow
from podium.protocols.wandb.errors import STATUSES
from podium.services.users import Users

KEY = ("api", "local-" + "0" * 40)
FINAL = {400, 401, 403, 404, 409, 410, 413, 422, 501}
MAY_GO_BETTER_LATER = {TooSlow, StorageError, StorageFull, StorageUnavailable}


def kinds(of=PodiumError):
    return [each for kind in of.__subclasses__() for each in (kind, *kinds(kind))]


def status_of(kind):
    return next(STATUSES[each] for each in kind.__mro__ if each in STATUSES)


def test_only_what_may_go_better_later_is_tried_again():
    ours = [kind for kind in kinds() if kind.__module__ == "podium.errors"]
    assert len(ours) > 12
    assert {kind for kind in ours if status_of(kind) not in FINAL} == MAY_GO_BETTER_LATER


def ask(http: httpx.Client, query: str):
    return http.post("/graphql", json={"query": query}, auth=KEY)


def test_a_store_that_fails_is_no_refusal_of_a_query(http, monkeypatch):
    async def search(*_):
        raise StorageUnavailable("The database does not answer.")

    with monkeypatch.context() as away:
        away.setattr(Users, "search", search)
        answer = ask(http, '{ serverInfo { cliVersionInfo } users(query: "ann") { edges { node { id } } } }')
    assert (answer.status_code, answer.json()) == (503, {"errors": [{"message": "The database does not answer."}]})
    assert ask(http, '{ users(query: "ann") { edges { node { id } } } }').json()["data"]["users"]["edges"] == []


def test_a_mistake_of_the_server_is_told_once_without_its_insides(http, monkeypatch):
    async def search(*_):
        raise ZeroDivisionError("secret")

    with monkeypatch.context() as broken:
        broken.setattr(Users, "search", search)
        answer = ask(http, '{ users(query: "ann") { edges { node { id } } } }')
    (error,) = answer.json()["errors"]
    assert (answer.status_code, answer.json()["data"], "secret" in answer.text) == (200, None, False)
    assert error["message"].startswith("Internal error")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ a " * 30 + "}" * 30, "maximum depth of 25"),
        ("{ viewer {" + " ".join(f"a{number}: id" for number in range(51)) + "} }", "at most 50 aliases"),
        ("{" + " ".join(f"a{number}: viewer {{ id }}" for number in range(11)) + "}", "at most 10 root fields"),
        ("{ viewer {" + "id " * 1001 + "} }", "maximum total selections of 1000"),
        ("{ viewer {" + "id " * 50_000 + "} }", "more than 5000 tokens"),
        ("{ viewer {" + "id " * 21 + "} }", "at most 20 fields that are 'id'"),
        ("{" + "viewer { id id id } " * 7 + "}", "at most 20 fields that are 'id'"),
        ("{" + 'users(query: "x") { edges { cursor } } ' * 4 + "}", "at most 3 fields that are 'users'"),
        ("{ viewer { id } } fragment A on User {" + "id " * 4000 + "}", "Fragment 'A' is never used"),
        ("{ viewer { ...A } }" + " fragment A on User { id }" * 2, "two of this name"),
        ("{ viewer { id } }" + " query { viewer { id } }" * 50, "at most 50 operations and fragments"),
        ("{ viewer { id" + " " * 200_000 + "} }", "maximum length of 200000 characters"),
        ("{" * 100_000, "Syntax Error"),
        (
            "{ viewer { ...A } } " + " ".join(f"fragment {a} on User {{ ...{b} ...{b} }}" for a, b in ("AB", "BA")),
            "within itself",
        ),
        (
            "{ viewer { teams { edges { node { ...A } } } } } fragment A on Entity { user { "
            + " ".join(f"a{number}: teams {{ edges {{ node {{ ...B }} }} }}" for number in range(50))
            + " } } fragment B on Entity { user { "
            + " ".join(f"b{number}: id" for number in range(50))
            + " } }",
            "maximum total selections of 1000",
        ),
        (
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
            "Maximum introspection depth",
        ),
    ],
)
def test_queries_beyond_the_limits_are_refused_for_good(http, query, message):
    answer = ask(http, query)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert message in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"query": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_query_is_refused_for_good(http, body):
    assert http.post("/graphql", content=body, auth=KEY).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/files/a/b/c/file_stream"),
        ("DELETE", "/artifactsV2/x"),
        ("PUT", "/artifacts/upload/x/y"),
        ("POST", "/oidc/token"),
        ("PUT", "/files/uploads/made-up/name"),
        ("PUT", "/files/uploads/%ff/name"),
        ("GET", "/files/links/made-up/name"),
        ("GET", "/artifacts/content/folder/made-up/name"),
        ("GET", "/artifacts/default/no-md5"),
    ],
)
def test_places_that_are_not_there_are_refused_for_good(http, method, path):
    assert http.request(method, path, auth=KEY).status_code in FINAL


CREATE = "mutation ($input: CreateArtifactInput!) { createArtifact(input: $input) { artifact { id } } }"


@pytest.mark.parametrize(
    "wrong",
    [
        {"clientID": "x" * 16_000},
        {"clientID": "a\0"},
        {"digest": "x" * 16_000},
        {"distributedID": "x" * 16_000},
        {"metadata": {"not": "a text"}},
        {"historyStep": 2**70},
    ],
)
def test_values_that_no_version_can_have_are_refused_for_good(http, wrong):
    given = {"entityName": "default", "projectName": "p", "artifactTypeName": "t", "artifactCollectionName": "c"}
    body = {"query": CREATE, "variables": {"input": {**given, "digest": "d", **wrong}}}
    answer = http.post("/graphql", json=body, auth=KEY)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert "Internal error" not in answer.text
