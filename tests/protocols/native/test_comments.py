"""Comments, watches and the feed over the native API."""

import base64
from uuid import uuid4

import httpx
import pytest

API = "/api/v1"


@pytest.fixture
def model(http: httpx.Client) -> str:
    name = f"churn {uuid4().hex}"
    assert http.post(f"{API}/models", json={"name": name}).status_code == 201
    return name


def test_a_thread_s_life(http: httpx.Client, model: str):
    def say(text: str, **more: object) -> dict:
        answer = http.post(f"{API}/comments", json={"kind": "model", "id": model, "text": text, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()

    first = say("why?")
    reply = say("because", parent=first["id"])
    assert (reply["parent"], reply["author"], reply["subject"], reply["edited_at"]) == (
        first["id"],
        "anonymous",
        model,
        None,
    )
    edited = http.patch(f"{API}/comments/{reply['id']}", json={"text": "of the data"}).json()
    assert (edited["text"], edited["edited_at"] is None) == ("of the data", False)
    assert http.delete(f"{API}/comments/{first['id']}").status_code == 204
    assert http.get(f"{API}/comments/{first['id']}").status_code == 404
    listed = http.get(f"{API}/comments", params={"kind": "model", "id": model}).json()["items"]
    assert [(each["text"], each["deleted"]) for each in listed] == [("", True), ("of the data", False)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": " "}, "'text' is empty"),
        ({"kind": "project", "text": "x"}, "'kind' is 'project'"),
        ({"kind": "nothing", "text": "x"}, "kind"),
        ({"text": "x", "parent": 0}, "parent"),
        ({"text": "x", "anchor": {"metric": "m", "from_step": 2, "to_step": 1}}, "'anchor'"),
        ({"text": "x", "anchor": {"metric": "m"}}, "anchor"),
    ],
)
def test_what_is_no_comment_is_refused_by_name(http: httpx.Client, model: str, body: dict, said: str):
    answer = http.post(f"{API}/comments", json={"kind": "model", "id": model, **body})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_an_artifact_and_a_point_of_a_curve(http: httpx.Client, new_run):
    document = (
        'mutation { createArtifact(input: {entityName: "default", projectName: "Default", '
        'artifactTypeName: "data set", artifactCollectionName: "a", digest: "d"}) { artifact { id } } }'
    )
    made = http.post("/graphql", json={"query": document}, auth=("api", "x" * 40)).json()
    number = base64.b64decode(made["data"]["createArtifact"]["artifact"]["id"]).decode().rpartition(":")[2]
    anchor = {"metric": "loss", "from_step": 7, "to_step": 7}
    for kind, name, more in (("artifact", number, {}), ("run", new_run(), {"anchor": anchor})):
        body = {"kind": kind, "id": name, "text": "look", **more}
        assert http.post(f"{API}/comments", json=body).status_code == 201
        [said] = http.get(f"{API}/comments", params={"kind": kind, "id": name}).json()["items"]
        assert (said["kind"], said["subject"], said["anchor"]) == (kind, name, more.get("anchor"))
        assert http.put(f"{API}/watches/{kind}/{name}").status_code == 204
        page = http.get("/comments", params={"kind": kind, "id": name, "team": "default"})
        assert page.status_code == 200
        assert "look" in page.text
    watched = http.get(f"{API}/watches").json()["items"]
    assert {each["kind"] for each in watched} == {"artifact", "run"}


def test_the_feed_over_pages(http: httpx.Client, model: str):
    http.post(f"{API}/feed/seen")
    assert http.put(f"{API}/watches/model/{model}").status_code == 204
    for text in ("a", "b", "c"):
        http.post(f"{API}/comments", json={"kind": "model", "id": model, "text": text})
    page = http.get(f"{API}/feed", params={"limit": 2}).json()
    assert ([each["comment"]["text"] for each in page["items"]], page["unseen"]) == (["c", "b"], 3)
    rest = http.get(f"{API}/feed", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert (rest["items"][0]["comment"]["text"], rest["items"][0]["seen"]) == ("a", False)
    http.post(f"{API}/feed/seen")
    again = http.get(f"{API}/feed").json()
    assert (again["unseen"], all(each["seen"] for each in again["items"])) == (0, True)
    assert http.delete(f"{API}/watches/model/{model}").status_code == 204
    assert http.put(f"{API}/watches/model/{uuid4()}").status_code == 404
