"""Projects over the native API."""

from uuid import uuid4

import httpx
import pytest


@pytest.fixture
def project(http: httpx.Client) -> dict:
    created = http.post("/api/v1/projects", json={"name": f"churn {uuid4()}", "tags": {"owner": "ann"}})
    assert created.status_code == 201
    return created.json()


def test_a_project_s_life(http: httpx.Client, project):
    one = f"/api/v1/projects/{project['id']}"
    assert http.get(one).json() == project
    assert http.patch(one, json={"name": "churn"}).json()["name"] == "churn"
    assert http.delete(one).status_code == 204
    assert http.get(one).json()["deleted_at"] is not None
    assert http.post(f"{one}/restore").json()["deleted_at"] is None


def test_taken_names_conflict(http: httpx.Client, project):
    again = http.post("/api/v1/projects", json={"name": project["name"]})
    assert again.status_code == 409
    assert again.json()["type"] == "urn:podium:problem:already-exists"


def test_tags_with_slashes_in_their_keys(http: httpx.Client, project):
    one = f"/api/v1/projects/{project['id']}"
    assert http.put(f"{one}/tags/team%2Flead", json={"value": "bo"}).status_code == 204
    assert http.get(one).json()["tags"] == {"owner": "ann", "team/lead": "bo"}
    assert http.delete(f"{one}/tags/team%2Flead").status_code == 204
    assert http.get(one).json()["tags"] == {"owner": "ann"}


def test_search_by_filter_in_pages(http: httpx.Client):
    for number in range(5):
        http.post("/api/v1/projects", json={"name": f"p{number}"})
    names, cursor = [], None
    while True:
        query = {"filter": "name LIKE 'p%'", "order_by": "name DESC", "limit": 2} | (
            {"cursor": cursor} if cursor else {}
        )
        page = http.get("/api/v1/projects", params=query).json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == ["p4", "p3", "p2", "p1", "p0"]


def test_changes_are_in_the_audit_trail(http: httpx.Client, project):
    one = f"/api/v1/projects/{project['id']}"
    http.patch(one, json={"name": "kept"}, headers={"Authorization": "Basic YW5uOg=="})
    page = http.get("/api/v1/events", params={"entity": "project", "entity_id": project["id"], "limit": 1}).json()
    assert [(event["action"], event["actor"]) for event in page["items"]] == [("rename", "ann")]
    assert page["items"][0]["after"] == {"name": "kept"}
    older = http.get(
        "/api/v1/events", params={"entity": "project", "entity_id": project["id"], "cursor": page["next_cursor"]}
    ).json()
    assert [event["action"] for event in older["items"]] == ["create"]
    assert http.get("/api/v1/events", params={"actor": "ann"}).json()["items"] == page["items"]
    assert (
        http.get("/api/v1/events", params={"entity_id": project["id"], "until": page["items"][0]["at"]}).json()["items"]
        == older["items"]
    )
    assert http.get("/api/v1/events", params={"since": "tomorrow"}).status_code == 400


@pytest.mark.usefixtures("project")
def test_the_chain_is_whole(http: httpx.Client):
    assert http.get("/api/v1/audit/verify").json() == {"intact": True, "first_bad_event": None, "reason": None}
