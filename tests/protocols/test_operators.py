"""The paths for operators and for browsers."""

import re
import signal

import pytest

from support.process import STOP_DEADLINE_S, server_process


def test_health_readiness_and_version(http):
    assert http.get("/health").text == "OK"
    assert http.get("/ready").json() == {"ready": True, "checks": {"database": "ok", "blobs": "ok"}}
    # MLflow's client compares it with its own before it sends spans.
    assert re.fullmatch(r"\d+\.\d+\.\d+\+podium\.[\w.]+", http.get("/version").text)


def test_metrics_count_requests(http):
    http.get("/health")
    http.get("/nowhere")
    page = http.get("/metrics").text
    assert 'podium_requests_total{method="GET",status="200"} 1.0' in page
    assert 'podium_requests_total{method="GET",status="404"} 1.0' in page


def test_a_request_keeps_the_id_it_came_with(http):
    assert http.get("/health", headers={"X-Request-Id": "mine"}).headers["x-request-id"] == "mine"
    assert len(http.get("/health").headers["x-request-id"]) == 32


def test_the_root_says_how_to_go_on(http):
    page = http.get("/")
    assert f"MLFLOW_TRACKING_URI={str(http.base_url).rstrip('/')}" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self';")
    assert "<script>" not in http.get("/", headers={"Host": "<script>"}).text


BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nope", "/docs", "/no-such.txt"])
def test_a_mistyped_address_is_a_page_in_a_browser_and_json_for_clients(http, path):
    page = http.get(path, headers=BROWSER)
    assert page.status_code == 404
    assert "Not here" in page.text
    assert 'href="/projects"' in page.text
    for answer in (http.get(path), http.get(f"/api/2.0/mlflow{path}", headers=BROWSER), http.post(path)):
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_model_is_found_without_its_team(http):
    http.post("/api/2.0/mlflow/registered-models/create", json={"name": "churn"})
    assert http.get("/models/churn", headers=BROWSER).headers["location"] == "/models/default/churn"
    missing = http.get("/models/gone", headers=BROWSER)
    assert missing.status_code == 404
    assert "None of your teams has a model &#39;gone&#39;." in missing.text
    http.post("/api/3.0/mlflow/workspaces", json={"name": "vision"})
    http.post(
        "/api/2.0/mlflow/registered-models/create", json={"name": "churn"}, headers={"X-MLFLOW-WORKSPACE": "vision"}
    )
    assert http.get("/models/churn", headers=BROWSER).headers["location"] == "/?q=churn"


def test_pages_say_in_their_own_words_that_a_team_is_not_there(http):
    assert "You belong to no team &#39;nobody&#39;." in http.get("/nobody/project", headers=BROWSER).text


def test_the_icon_is_where_browsers_look_for_it(http):
    icon = http.get("/favicon.ico", follow_redirects=True)
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_an_interrupted_server_ends_in_good_order(tmp_path):
    with server_process(tmp_path / "data", tmp_path / "log") as server:
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(STOP_DEADLINE_S) == 0
        assert "Traceback" not in server.log.read_text()
