"""A server with accounts, and each kind of caller of it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from support.full_team import ORGANIZATION, TEAM, USER, fill_team
from support.right_requests import HEADERS, Request, requests
from support.server import running_server

Rows = dict[str, list[tuple[object, ...]]]
ADMIN_KEY = "podium-" + "a" * 40


class Callers:
    """A server with the team `blue` of an organization, and who belongs to it, who does not, and who manages it."""

    def __init__(self, url: str, data: Path) -> None:
        self._database = sqlite3.connect(data / "podium.db")
        self._state, self._rows = -1, Rows()
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

    def rows(self) -> Rows:
        """Everything that is stored, but for when keys were used and how often accounts changed."""
        state = self._database.execute("PRAGMA data_version").fetchone()[0]
        if state != self._state:  # else the server has written nothing since
            self._state, self._rows = state, self._read()
        return self._rows

    def _read(self) -> Rows:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {row[0] for row in self._database.execute(query)} - {"account_changes", "api_keys", "sqlite_sequence"}
        return {table: self._database.execute(f"SELECT * FROM {table}").fetchall() for table in tables}

    def close(self) -> None:
        for client in self.clients:
            client.close()
        self._database.close()


@contextmanager
def callers(data: Path) -> Iterator[Callers]:
    """Callers of a server on `data`, which ends with the block."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
        with running_server(data) as url, closing(Callers(url, data)) as made:
            yield made
