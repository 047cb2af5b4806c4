"""The paths for operators and for browsers."""

import re


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
