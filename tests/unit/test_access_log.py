"""What is logged of a request."""

import asyncio

from podium.asgi.access_log import AccessLog
from podium.asgi.metrics import RequestMetrics
from podium.asgi.router import Mount, Router
from podium.protocols.wandb.routes import wandb_mount
from podium.services.secret_box import SecretBox


class Lines:
    """Keeps the paths that would be logged."""

    def __init__(self):
        self.paths = []

    def add(self, _id, _method, path, *_):
        self.paths.append(path)


async def app(_scope, _receive, _send):
    """Answers nothing."""


def test_the_right_that_a_link_carries_is_not_logged():
    lines, token = Lines(), SecretBox().seal("a grant")
    log = AccessLog(app, RequestMetrics(), lines)
    grants = (f"/files/uploads/{token}/a.txt", "/artifacts/upload/k6s", "/artifacts/content/wandb_artifacts/k6s/a.txt")
    for path in (*grants, "/files/default/p/r/file_stream", "/artifacts/default/0123"):
        scope = {"type": "http", "method": "PUT", "headers": [], "raw_path": path.encode(), "path": path}
        asyncio.run(log(scope, None, None))
    assert lines.paths == [
        "/files/uploads/***/a.txt",
        "/artifacts/upload/***",
        "/artifacts/content/wandb_artifacts/***/a.txt",
        "/files/default/p/r/file_stream",
        "/artifacts/default/0123",
    ]


def test_what_a_client_reports_of_itself_is_refused_and_not_logged():
    routes = wandb_mount(None).routes
    lines = Lines()
    log = AccessLog(Router((Mount((), routes, None, None),)), RequestMetrics(), lines)
    answers = []

    async def send(message):
        answers.append(message)

    scope = {"type": "http", "method": "POST", "headers": [], "path": "/sdk/otel/v1/metrics"}
    asyncio.run(log(scope, None, send))
    assert answers[0]["status"] == 404
    assert lines.paths == []
