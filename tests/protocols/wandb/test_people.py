"""Users, teams, organizations and keys with the unmodified `wandb` client."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.faulty_proxy import faulty_proxy
from support.server import running_server

ADMIN_KEY = "podium-" + "a" * 40
KEYS = {name: f"{name}-" + "0" * 40 for name in ("ann", "bob")}


@pytest.fixture
def server_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server where ann administers the organization acme, and bob belongs to none."""
    monkeypatch.setenv("PODIUM_ADMIN_API_KEY", ADMIN_KEY)
    with (
        running_server(tmp_path / "podium") as url,
        httpx.Client(base_url=f"{url}/api/v1", auth=("api", ADMIN_KEY), timeout=30) as admin,
    ):
        for name, key in KEYS.items():
            made = admin.post("/users", json={"name": name, "password": name, "api_key": key, "email": f"{name}@x.y"})
            assert made.status_code == 201, made.text
        assert admin.post("/organizations", json={"name": "acme", "owner": "ann"}).status_code == 201
        yield url


@pytest.fixture
def api(wandb, monkeypatch: pytest.MonkeyPatch):
    """Opens the public API as a user."""

    def opened(name: str):
        monkeypatch.setenv("WANDB_API_KEY", KEYS[name])
        return wandb.Api(api_key=KEYS[name])

    return opened


def test_a_key_of_nobody_is_refused(wandb):
    with pytest.raises(wandb.errors.AuthenticationError, match="not valid"):
        wandb.login(key="local-" + "1" * 40, verify=True, relogin=True)


def test_a_key_of_another_team_opens_nothing_and_is_refused_at_once(api, wandb, server_url, monkeypatch):
    with httpx.Client(base_url=f"{server_url}/api/v1", auth=("api", ADMIN_KEY)) as admin:
        admin.post("/teams", json={"name": "blue", "owner": "ann"}).raise_for_status()
    begin = 'mutation { upsertBucket(input: {entityName: "blue", modelName: "p", name: "r"}) { inserted } }'
    made = httpx.post(f"{server_url}/graphql", json={"query": begin}, auth=("api", KEYS["ann"])).json()
    assert made["data"]["upsertBucket"]["inserted"]
    assert api("ann").run("blue/p/r").id == "r"
    with faulty_proxy(server_url) as network:
        monkeypatch.setenv("WANDB_BASE_URL", network.url)
        bob = api("bob")
        for asked in (lambda: bob.run("blue/p/r"), lambda: len(bob.runs("blue/p"))):
            with pytest.raises((ValueError, wandb.errors.CommError)):
                asked()
        with pytest.raises(wandb.Error, match="Workspace 'blue' not found"):
            wandb.init(entity="blue", project="p", settings=wandb.Settings(base_url=network.url))
        assert network.statuses("UpsertBucket") == [200]


def test_who_i_am_and_what_i_belong_to(api):
    ann = api("ann").viewer
    assert (ann.username, ann.email, ann.admin, ann.entity, ann.teams) == ("ann", "ann@x.y", False, "ann", ["ann"])
    assert ann.api_keys == [KEYS["ann"][:12]]
    assert api("bob").user("ann").username == "ann"
    assert api("bob").user("ann").api_keys == []
    assert api("bob").user("nobody") is None


def test_keys_are_made_shown_once_and_revoked(api, wandb):
    ann = api("ann").viewer
    key = ann.generate_api_key("laptop")
    assert wandb.Api(api_key=key).viewer.username == "ann"
    [_, shown] = api("ann").viewer.api_keys
    assert key.startswith(shown)
    assert api("ann").viewer.delete_api_key(shown)
    assert len(api("ann").viewer.api_keys) == 1


def test_a_team_its_members_and_a_service_account(api):
    team = api("ann").create_team("blue")
    assert team.name == "blue"
    assert [(member.name, member.admin) for member in team.members] == [("ann", True)]
    assert not api("bob").team("blue").members
    assert team.invite("bob")
    assert not team.invite("bob")
    assert not team.invite("nobody")
    assert team.create_service_account("ci of blue").account_type == "SERVICE"
    assert api("bob").viewer.teams == ["bob", "blue"]
    assert not api("bob").team("blue").invite("ann@x.y")
    [bob] = [member for member in api("ann").team("blue").members if member.username == "bob"]
    assert bob.delete()
    assert api("bob").viewer.teams == ["bob"]


def test_the_organization_of_a_user_and_of_a_team(api):
    ann = api("ann")
    ann.create_team("blue")
    question = "query ($name: String) { entity(name: $name) { entityType organization { name orgEntity { name } }"
    question += " user { organizations { name } } } }"
    asked = {name: _ask(ann, question, name) for name in ("ann", "blue", "acme", "bob")}
    acme = {"name": "acme", "orgEntity": {"name": "acme"}}
    assert asked["ann"] == {"entityType": "user", "organization": None, "user": {"organizations": [{"name": "acme"}]}}
    assert asked["blue"] == {"entityType": "team", "organization": acme, "user": None}
    assert asked["acme"] == {"entityType": "organization", "organization": acme, "user": None}
    assert asked["bob"]["organization"] is None
    assert asked["bob"]["user"] is None


def _ask(api, question: str, name: str):
    answer = httpx.post(
        f"{api.settings['base_url']}/graphql",
        json={"query": question, "variables": {"name": name}},
        auth=("api", KEYS["ann"]),
        timeout=30,
    )
    return answer.json()["data"]["entity"]
