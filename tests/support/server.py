"""A Podium in this process, listening on a free port of the loopback address."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from podium.app import create_app, uvicorn_config
from podium.settings import Settings

START_DEADLINE_S = 15


@contextmanager
def running_server(data: Path, database_url: str | None = None, **more: Any) -> Iterator[str]:
    """The URL of a server on `data` (and PostgreSQL, if given) with `more` settings; it ends with the block."""
    settings = Settings(data=str(data), database_url=database_url, port=0, **more)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn_config(create_app(settings), settings))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_DEADLINE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start; its log says why")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_DEADLINE_S)
