"""Pages that are open: many streams at once cost little, and none holds up the end of the server."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil

from support.pages_story import Story
from support.process import server_process

PAGES = 200


def test_200_pages_hold_no_threads_and_little_memory_and_end_with_the_server(tmp_path: Path):
    options = ("--log-level", "warning")
    with server_process(tmp_path / "data", tmp_path / "log", *options) as server, Story(server.url) as story:
        run = story.run(story.project("live"), "r", {"loss": 1.0})
        httpx.get(server.url).raise_for_status()
        process = psutil.Process(server.pid)
        threads, memory = process.num_threads(), process.memory_info().rss
        with ExitStack() as pages:
            streams = [_Stream(pages, server.url, run) for _ in range(PAGES)]
            story.post("runs/set-tag", run_id=run, key="a", value="b")
            assert len({stream.next_mark() for stream in streams}) == 1
            # What was begun meanwhile for other work: none for each page.
            assert process.num_threads() - threads < 10
            assert process.memory_info().rss - memory < PAGES * 150_000
            assert httpx.get(server.url).status_code == 200
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 9  # for answers that go on it would wait ten seconds
            for stream in streams:
                stream.read_to_the_end()


class _Stream:
    """An open page, as its browser sees it."""

    def __init__(self, stack: ExitStack, url: str, run: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
        request = f"GET /live?kind=run&id={run} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n\r\n"
        self._socket.sendall(request.encode())
        self._read = stack.enter_context(self._socket.makefile("rb"))
        assert b"200" in self._read.readline()
        while self._read.readline() not in (b":\n", b""):  # the first sign of life
            pass

    def next_mark(self) -> bytes:
        while not (line := self._read.readline()).startswith(b"id: "):
            assert line, "the stream ended"
        return line

    def read_to_the_end(self) -> None:
        while self._read.readline():
            pass
