"""Every endpoint of every protocol, asked by each kind of caller: nobody reads or writes what is not theirs."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from podium.protocols.wandb import routes as wandb
from support.full_team import ORGANIZATION, SECRET, TEAM, USER, fill_team
from support.right_requests import HEADERS, Request, requests
from support.server import running_server

ADMIN_KEY = "podium-" + "a" * 40
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


class Server:
    """A server with the team `blue` of an organization, and who belongs to it, who does not, and who manages it."""

    def __init__(self, url: str, data: Path) -> None:
        self.data = data
        self.clients: list[httpx.Client] = []
        self.admin = self._client(url, ("api", ADMIN_KEY))
        for name in ("ann", "bob", "vera", "otto", USER):
            self._ask("POST", "/users", {"name": name, "api_key": f"key-of-{name}"})
        self._ask("POST", "/organizations", {"name": ORGANIZATION, "owner": "ann"})
        self._ask("POST", "/organizations", {"name": "other", "owner": "otto"})
        self._ask("POST", f"/organizations/{ORGANIZATION}/teams", {"name": TEAM, "owner": "ann"})
        for name in ("navy2", "navy3"):  # to be deleted
            self._ask("POST", f"/organizations/{ORGANIZATION}/teams", {"name": name, "owner": "ann"})
        self._ask("POST", "/organizations/other/teams", {"name": "red", "owner": "otto"})
        self._ask("PUT", f"/teams/{TEAM}/members/bob", {"role": "member"})
        self._ask("PUT", f"/teams/{TEAM}/members/vera", {"role": "viewer"})
        self.anonymous = self._client(url, None)
        self.manager, self.member = self._client(url, ("api", "key-of-ann")), self._client(url, ("api", "key-of-bob"))
        self.viewer, self.outsider = (
            self._client(url, ("api", "key-of-vera")),
            self._client(url, ("api", "key-of-otto")),
        )
        self.requests = self.new_requests(0)

    def new_requests(self, number: int) -> list[Request]:
        """A request for every endpoint, about things that were made for them."""
        known = fill_team(self.member, str(number))
        link = self.member.get(f"/api/2.0/mlflow-artifacts/presigned/{known['files']}").json()["url"]
        return requests({**known, "token": link.rpartition("/")[2]})

    def _client(self, url: str, auth: tuple[str, str] | None) -> httpx.Client:
        self.clients.append(httpx.Client(base_url=url, auth=auth, headers=HEADERS, timeout=30))
        return self.clients[-1]

    def _ask(self, method: str, path: str, body: object) -> None:
        answer = self.admin.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that is stored, but for when keys were used and how often accounts changed."""
        with sqlite3.connect(self.data / "podium.db") as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            unlike = {"account_changes", "api_keys", "sqlite_sequence"}
            found = {table: database.execute(f"SELECT * FROM {table}").fetchall() for table in set(tables) - unlike}
        database.close()
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("permissions")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
        with running_server(data) as url:
            made = Server(url, data)
            yield made
            for client in made.clients:
                client.close()


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
