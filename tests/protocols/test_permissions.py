"""Every endpoint of every protocol, asked by each kind of caller: nobody reads or writes what is not theirs."""

from collections.abc import Iterator

import httpx
import pytest

from podium.protocols.wandb import routes as wandb
from support.callers import Callers, callers
from support.full_team import SECRET
from support.right_requests import Request

# What is not about a team, or tells everybody only what is theirs.
FOR_ALL = {
    "GET /teams",
    "POST /teams",
    "GET /organizations",
    "GET /me",
    "GET /watches",
    "GET /feed",
    "POST /feed/seen",
    "GET /users/{name}",
    "GET 3.0 workspaces",
    "GET 2.0 workspaces",
    "GET 3.0 mlflow/server-info",
    "GET 2.0 mlflow/server-features",
    "GET 2.0 users/current",
    "GET 2.0 users/get",
    "GET 3.0 users/permissions/get",
    "POST /graphql project",
    "DELETE 2.0 mlflow-artifacts/artifacts/{path:path}",  # what is not there is deleted already
}
SIGNED = {"GET 2.0 mlflow-artifacts/links/{token}"}  # by the URL itself
# What takes an admin of the team or organization, or an administrator of the server.
MANAGED = {
    "DELETE /organizations/{name}",
    "DELETE /organizations/{name}/members/{user}",
    "DELETE /teams/{name}",
    "DELETE /teams/{name}/members/{user}",
    "DELETE /users/{name}",
    "GET /audit/verify",
    "GET /users",
    "GET /users/{name}/keys",
    "PATCH /organizations/{name}",
    "PATCH /users/{name}",
    "POST /graphql invite",
    "POST /graphql service",
    "POST /organizations",
    "POST /organizations/{organization}/teams",
    "POST /users",
    "POST /users/{name}/keys",
    "DELETE 2.0 mlflow/workspaces/{workspace_name}",
    "DELETE 3.0 mlflow/workspaces/{workspace_name}",
    "PATCH 2.0 workspaces/{workspace_name}",
    "PATCH 3.0 workspaces/{workspace_name}",
    "POST /teams/{name}/restore",
    "POST 2.0 mlflow/workspaces",
    "POST 3.0 mlflow/workspaces",
    "PUT /organizations/{name}/members/{user}",
    "PUT /teams/{name}/members/{user}",
    "DELETE 2.0 users/delete",
    "PATCH 2.0 users/update-password",
    "PATCH 2.0 users/update-admin",
    "POST 2.0 users/create",
    "POST 3.0 users/permissions/grant",
    "POST 3.0 users/permissions/revoke",
}
UNTRIED = {
    "POST /teams",  # whoever asked first has it
    "POST 2.0 artifacts/presigned-upload-url",  # files of this server are not uploaded so
    "POST 2.0 graphql",  # who signs in as `api` is answered in W&B's schema
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    with callers(tmp_path_factory.mktemp("permissions")) as made:
        yield made


def send(client: httpx.Client, request: Request) -> httpx.Response:
    return client.request(request.method, request.url, content=request.body, headers=dict(request.headers))


def refused(answer: httpx.Response) -> bool:
    """Over GraphQL clients are told of refusals within an answer."""
    return not answer.is_success or '"errors":[' in answer.text


def test_who_does_not_sign_in_is_told_so_everywhere(server):
    before = server.rows()
    wrong = []
    for request in server.requests:
        answer = send(server.anonymous, request)
        if answer.status_code != 401 and request.endpoint not in SIGNED:
            wrong.append((request.endpoint, answer.status_code))
    assert not wrong, "\n".join(map(str, wrong))
    assert server.rows() == before
    for operators in ("/health", "/ready", "/version", "/metrics", "/api/v1/openapi.json"):
        assert server.anonymous.get(operators).status_code == 200


def test_every_endpoint_for_w_and_b_asks_who_it_is(server):
    bad = httpx.BasicAuth("api", "no-key-of-anybody")
    for endpoint in wandb.ENDPOINTS:
        answer = server.anonymous.request(endpoint.method, endpoint.path.replace(":path", ""), auth=bad)
        assert answer.status_code in (401, 403), (endpoint.path, answer.status_code)


def test_who_belongs_to_another_team_learns_and_changes_nothing(server):
    before = server.rows()
    wrong = []
    for request in server.requests:
        answer = send(server.outsider, request)
        if SECRET in answer.text and request.endpoint not in SIGNED:
            wrong.append((request.endpoint, "tells a secret"))
        if (
            not refused(answer)
            and request.endpoint not in FOR_ALL | SIGNED
            and request.endpoint != "POST /graphql entity"
        ):
            wrong.append((request.endpoint, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
    after = server.rows()
    changed = {table for table in after if after[table] != before[table]}
    # Of a team of its own, and what it has seen itself.
    assert changed <= {"teams", "team_members", "events", "event_chain", "feed_marks"}
    [entity] = [request for request in server.requests if request.endpoint == "POST /graphql entity"]
    assert send(server.outsider, entity).json()["data"]["entity"]["members"] == []


def test_a_viewer_reads_a_member_writes_and_an_admin_manages(server):
    """Each request is made by one after the other, until somebody may."""
    pending, number = server.requests, 0
    needed: dict[str, str] = {}
    before = server.rows()
    for at in range(len(pending)):
        request = pending[at]
        for role in ("viewer", "member", "manager", "admin"):
            answer = send(getattr(server, role), request)
            after = server.rows()
            wrote, before = after != before, after
            assert not (wrote and refused(answer)), (request.endpoint, role, answer.text)
            if wrote or not refused(answer):
                needed[request.endpoint] = f"{role} {'writes' if wrote else 'reads'}"
                break
        else:
            needed[request.endpoint] = f"nobody: {answer.status_code} {answer.text[:100]}"
        if wrote and request.turn < 2:
            number += 1
            pending, before = server.new_requests(number), server.rows()
    # A lineage is read after the registry's copy of the models is brought up to date, which is no change of anything.
    # What one watches, and has seen, is one's own.
    allowed = {"POST /teams", "GET /lineage/{kind}/{id:path}", "PUT /watches/{kind}/{id:path}", "POST /feed/seen"}
    assert {endpoint for endpoint, need in needed.items() if need == "viewer writes"} <= allowed
    assert {endpoint for endpoint, need in needed.items() if need.startswith(("manager", "admin"))} == MANAGED
    untried = {f"{endpoint}: {need}" for endpoint, need in needed.items() if need.startswith("nobody")}
    assert not {line for line in untried if line.partition(": ")[0] not in UNTRIED}, "\n".join(sorted(untried))
