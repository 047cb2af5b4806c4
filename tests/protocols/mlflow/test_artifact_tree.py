"""The tree of files over raw HTTP: what the clients cannot send, and the headers that they do not show."""

import hashlib
import json
import socket
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

TREE = "/api/2.0/mlflow-artifacts/artifacts"


def put(http, path, data=b"x", **options):
    answer = http.put(f"{TREE}/{path}", content=data, **options)
    assert answer.status_code == 200, answer.text


def listed(http, path="", **options):
    answer = http.get(TREE, params={"path": path}, **options)
    assert answer.status_code == 200, answer.text
    return [entry["path"] for entry in answer.json().get("files", [])]


def exact_request(http, method, target, body=None):
    """A request whose target nothing normalizes on the way: its status and JSON."""
    url = urlsplit(str(http.base_url))
    connection = HTTPConnection(url.hostname, url.port, timeout=10)
    try:
        connection.request(method, target, body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_files_are_put_listed_read_and_deleted(http):
    put(http, "a.txt", b"0")
    put(http, "dir/b.txt", b"")
    put(http, "dir/deep/c.txt", b"22")
    assert http.get(TREE).json() == {
        "files": [{"path": "a.txt", "is_dir": False, "file_size": 1}, {"path": "dir", "is_dir": True}]
    }
    assert http.get(TREE, params={"path": "dir/"}).json() == {
        "files": [{"path": "b.txt", "is_dir": False, "file_size": 0}, {"path": "deep", "is_dir": True}]
    }
    assert http.get(f"{TREE}/dir/deep/c.txt").content == b"22"
    assert http.delete(f"{TREE}/dir").json() == {}
    assert listed(http) == ["a.txt"]
    assert http.get(f"{TREE}/dir/b.txt").status_code == 404


def test_an_empty_tree_and_a_file_have_no_children(http):
    assert http.get(TREE).json() == {}
    put(http, "a.txt")
    assert listed(http, "a.txt") == []
    assert listed(http, "nothing") == []


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("b.pkl", "application/octet-stream"),
        ("c.png", "image/png"),
        ("page.html", "text/html"),
        ("MLmodel", "text/plain"),
        ("data.json", "text/plain"),
    ],
)
def test_a_download_is_an_attachment_of_the_type_that_its_name_says(http, name, kind):
    put(http, f"dir/{name}")
    headers = http.get(f"{TREE}/dir/{name}", headers={"accept": "text/html"}).headers
    assert headers["content-type"] == kind
    assert headers["content-disposition"] == f"attachment; filename={name}"
    assert headers["x-content-type-options"] == "nosniff"


def test_names_beyond_ascii_arrive_in_the_form_of_rfc_5987(http):
    put(http, 'plots/Größe "1".png')
    disposition = http.get(f'{TREE}/plots/Größe "1".png').headers["content-disposition"]
    assert disposition == "attachment; filename=\"Gr__e _1_.png\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%221%22.png"


def test_ranges(http):
    data = bytes(range(256)) * 8
    put(http, "data.bin", data)

    def ranged(value, **headers):
        return http.get(f"{TREE}/data.bin", headers={"range": value, **headers})

    middle = ranged("bytes=10-19")
    assert (middle.status_code, middle.content) == (206, data[10:20])
    assert middle.headers["content-range"] == "bytes 10-19/2048"
    assert middle.headers["content-length"] == "10"
    assert ranged("bytes=2040-").content == data[2040:]
    assert ranged("bytes=-5").content == data[-5:]
    assert ranged("bytes=-5000").content == data
    assert ranged("bytes=2000-9999").headers["content-range"] == "bytes 2000-2047/2048"
    for beyond in ("bytes=2048-", "bytes=9999-10000", "bytes=-0"):
        refused = ranged(beyond)
        assert (refused.status_code, refused.headers["content-range"]) == (416, "bytes */2048")
    for ignored in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5"):
        assert (ranged(ignored).status_code, ranged(ignored).content) == (200, data)
    etag = middle.headers["etag"]
    assert ranged("bytes=0-0", **{"if-range": etag}).status_code == 206
    assert ranged("bytes=0-0", **{"if-range": '"other"'}).status_code == 200


def test_the_etag_is_the_digest_and_spares_a_second_download(http):
    put(http, "data.bin", b"payload")
    etag = http.get(f"{TREE}/data.bin").headers["etag"]
    assert etag == f'"{hashlib.sha256(b"payload").hexdigest()}"'
    again = http.get(f"{TREE}/data.bin", headers={"if-none-match": f'"x", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    put(http, "data.bin", b"changed")
    assert http.get(f"{TREE}/data.bin", headers={"if-none-match": etag}).content == b"changed"


def test_head_tells_the_size_without_the_bytes(http):
    put(http, "data.bin", b"payload")
    answer = http.head(f"{TREE}/data.bin")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "7", b"")
    assert http.head(f"{TREE}/none").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "../../etc/passwd",
        "a/../../b",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%252e%252e/passwd",
        "/etc/passwd",
        "%2Fetc/passwd",
        "a%00b",
        "a%5Cb",
        "..%5c..%5cwindows",
        "C:/windows",
        "a//b",
        "a%0Ab",
    ],
)
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_written(http, tmp_path, path):
    before = sorted(tmp_path.rglob("*"))
    for method, body in (("PUT", b"evil"), ("GET", None), ("DELETE", None)):
        status, answer = exact_request(http, method, f"{TREE}/{path}", body)
        assert (status, answer) == (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid path"})
    status, answer = exact_request(http, "GET", f"{TREE}?path={path}")
    assert (status, answer["message"]) == (400, "Invalid path")
    assert listed(http) == []
    assert [p for p in sorted(tmp_path.rglob("*")) if p not in before and "podium.db" not in p.name] == []


def test_names_with_percent_signs_and_spaces_are_kept(http):
    put(http, "images/dog%25step%251%25timestamp%2517.png", b"png")
    put(http, "a%20b%2Bc.txt", b"txt")
    assert listed(http) == ["a b+c.txt", "images"]
    assert listed(http, "images") == ["dog%step%1%timestamp%17.png"]
    assert http.get(f"{TREE}/images/dog%25step%251%25timestamp%2517.png").content == b"png"


def test_a_file_and_a_folder_cannot_share_a_path(http):
    put(http, "a/b", b"1")
    below = http.put(f"{TREE}/a/b/c", content=b"2")
    assert (below.status_code, below.json()["message"]) == (
        400,
        "'a/b' is a file: it cannot hold 'a/b/c' as a folder would.",
    )
    above = http.put(f"{TREE}/a", content=b"2")
    assert (above.status_code, above.json()["message"]) == (
        400,
        "'a' is a folder (it holds 'a/b'): a file cannot take its place.",
    )
    folder = http.get(f"{TREE}/a")
    assert (folder.status_code, "directory" in folder.json()["message"]) == (400, True)
    put(http, "a-b", b"3")
    assert listed(http) == ["a", "a-b"]


def test_an_upload_that_breaks_off_leaves_nothing(http, tmp_path):
    url = urlsplit(str(http.base_url))
    with socket.create_connection((url.hostname, url.port), timeout=10) as connection:
        head = f"PUT {TREE}/broken.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(head.encode() + b"z" * 6_000_000)
    deadline = time.monotonic() + 10
    temporary = tmp_path / "podium" / "blobs" / "tmp"
    while list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(temporary.iterdir()) == []
    assert [path for path in (tmp_path / "podium" / "blobs" / "sha256").rglob("*") if path.is_file()] == []
    assert listed(http) == []


def test_the_files_of_registered_versions_cannot_be_written(http):
    for method in ("PUT", "DELETE"):
        answer = http.request(method, f"{TREE}/registry/1/model.pkl")
        assert (answer.status_code, "never change" in answer.json()["message"]) == (400, True)
    assert http.get(f"{TREE}/registry/1/model.pkl").status_code == 404
    assert http.get(f"{TREE}/registry/x").status_code == 404


def test_a_signed_link_works_alone_until_it_is_changed(http):
    put(http, "dir/data.bin", b"payload")
    answer = http.get("/api/2.0/mlflow-artifacts/presigned/dir/data.bin").json()
    assert (answer["file_size"], answer["headers"]) == (7, {})
    link = http.get(answer["url"], headers={"range": "bytes=1-2"})
    assert (link.status_code, link.content) == (206, b"ay")
    assert "data.bin" in link.headers["content-disposition"]
    url = answer["url"]
    for wrong in (url[:-9], url[:-9] + "AAAAAAAAA", url[:-70] + "%C3%A9"):
        assert http.get(wrong).status_code == 403
    assert http.get("/api/2.0/mlflow-artifacts/presigned/none").status_code == 404


def test_a_run_elsewhere_is_told_where(http):
    created = http.post("/api/2.0/mlflow/experiments/create", json={"name": "x", "artifact_location": "s3://b/x"})
    run = http.post("/api/2.0/mlflow/runs/create", json={"experiment_id": created.json()["experiment_id"]})
    run_id = run.json()["run"]["info"]["run_id"]
    for path in ("/api/2.0/mlflow/artifacts/list", "/get-artifact"):
        answer = http.get(path, params={"run_id": run_id, "path": "a.txt"})
        assert answer.status_code == 400
        assert f"'s3://b/x/{run_id}/artifacts', outside this server" in answer.json()["message"]


def test_parts_and_their_etags(http):
    created = http.post(
        "/api/2.0/mlflow-artifacts/mpu/create/0/run/artifacts", json={"path": "/home/me/big.bin", "num_parts": 2}
    ).json()
    sent = [http.put(c["url"], content=b"abc" * c["part_number"]) for c in created["credentials"]]
    parts = [{"part_number": n, "etag": answer.headers["etag"]} for n, answer in enumerate(sent, 1)]
    body = {"path": "big.bin", "upload_id": created["upload_id"], "parts": parts}
    wrong = {**body, "parts": [{"part_number": 1, "etag": "0" * 64}]}
    complete = "/api/2.0/mlflow-artifacts/mpu/complete/0/run/artifacts"
    assert http.post(complete, json=wrong).status_code == 400
    assert http.post(complete, json=body).status_code == 200
    assert http.get(f"{TREE}/0/run/artifacts/big.bin").content == b"abcabcabc"
    assert http.post(complete, json=body).status_code == 404


def test_an_aborted_upload_takes_no_more_parts(http):
    base = "/api/2.0/mlflow-artifacts/mpu"
    created = http.post(f"{base}/create/f", json={"path": "big.bin", "num_parts": 1}).json()
    body = {"path": "big.bin", "upload_id": created["upload_id"]}
    assert http.post(f"{base}/abort/f", json=body).status_code == 200
    assert http.put(created["credentials"][0]["url"], content=b"late").status_code == 404
    assert http.post(f"{base}/abort/f", json=body).status_code == 404
    for parts in (0, 10_001):
        assert http.post(f"{base}/create/f", json={"path": "b", "num_parts": parts}).status_code == 400
