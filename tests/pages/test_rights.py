"""Pages and the changes that they offer, asked for by who may not: nobody learns or changes what is not theirs."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from podium.domain.filters import And
from podium.protocols.pages import routes, run_table
from podium.protocols.pages.endpoint import Endpoint
from support.callers import Callers, callers
from support.full_team import SECRET, TEAM, fill_team

# What a viewer changes is its own: its key of this browser, its password, what it has seen and watches, what it says.
OWN = {"/sign-in", "/sign-out", "/settings/password", "/settings/keys", "/settings/keys/revoke", "/watch"}
OWN |= {"/comments/new", "/comments/edit", "/comments/delete", "/comments/preview"}
ALL = (*routes.ENDPOINTS, *routes.WITHIN_PROJECTS, *run_table.endpoints(lambda _: And()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    with callers(tmp_path_factory.mktemp("rights")) as made:
        yield made


@pytest.fixture(scope="module")
def known(server: Callers) -> dict[str, str]:
    """What the team has, by the name of the part of an address or field of a form that it is for."""
    found = fill_team(server.member, "7000")
    named = {"team": TEAM, "organization": "acme", "project": found["project_name"], "run": found["run_id"]}
    return {**found, **named, "type": "model", "kind": "run", "form": "csv", "back_to": ""}


def address(endpoint: Endpoint, known: dict[str, str], version: str = "1") -> str:
    values = {**known, "version": version, "id": known["run_id"]}
    return re.sub(r"\{(\w+)(:path)?\}", lambda part: quote(values.get(part[1], "1"), safe=""), endpoint.path)


def get(client: httpx.Client, endpoint: Endpoint, known: dict[str, str]) -> httpx.Response:
    query = {"team": TEAM, "id": known["model"], "kind": "model", "run": known["run_id"], "key": "m"}
    query |= {"version": f"{TEAM}/{known['model']}/1", "q": known["model"][:3], "path": "a.txt", "entity": "model"}
    if "{team}" in endpoint.path or endpoint.path in ("/", "/cabinet/more"):
        query = {"format": "html"}
    return client.get(address(endpoint, known), params=query)


PAGES = [endpoint for endpoint in ALL if endpoint.method == "GET"]
CHANGES = [endpoint for endpoint in ALL if endpoint.method != "GET"]


def test_who_did_not_sign_in_is_sent_to_sign_in(server: Callers, known):
    for endpoint in PAGES:
        answer = get(server.anonymous, endpoint, known)
        if not endpoint.public:
            assert (answer.status_code, answer.headers["location"][:14]) == (303, "/sign-in?next="), endpoint.path


def test_members_see_the_pages_and_others_learn_nothing(server: Callers, known):
    told = 0
    for endpoint in PAGES:
        mine, theirs = get(server.member, endpoint, known), get(server.outsider, endpoint, known)
        assert mine.status_code < 500, (endpoint.path, mine.text[-300:])
        told += SECRET in mine.text
        assert theirs.status_code < 500, endpoint.path
        assert SECRET not in theirs.text, endpoint.path
        if "{team}" in endpoint.path:
            assert theirs.status_code == 404, (endpoint.path, theirs.status_code)
    assert told > 5  # the secret is where members look


@pytest.mark.parametrize("who", ["viewer", "outsider"])
def test_who_may_not_changes_nothing(server: Callers, known, who: str):
    client: httpx.Client = getattr(server, who)
    token = client.get("/").text.split('"x-csrf-token": "')[1].split('"')[0]
    before = server.rows()
    for endpoint in CHANGES:
        if endpoint.path in OWN:
            continue
        fields = {**known, "csrf": token, "expected": "", "archive": "", "role": "admin", "admin": "yes", "name": "x"}
        answer = client.post(address(endpoint, known), data={**fields, "description": "taken", "value": "taken"})
        assert answer.status_code in (400, 403, 404), (endpoint.path, answer.status_code)
        assert server.rows() == before, endpoint.path
