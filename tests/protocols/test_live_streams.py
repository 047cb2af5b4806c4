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
        alone = _cpu_of_requests(server.url, process)
        with ExitStack() as pages:
            streams = [_Stream(pages, server.url, run) for _ in range(PAGES)]
            story.post("runs/set-tag", run_id=run, key="a", value="b")
            marks = {stream.next_mark() for stream in streams}
            assert len(marks) == 1
            # What was begun meanwhile for other work: none for each page.
            assert process.num_threads() - threads < 10
            assert process.memory_info().rss - memory < PAGES * 150_000
            assert _cpu_of_requests(server.url, process) < 2 * alone + 0.2
            story.post("runs/set-tag", run_id=run, key="a", value="c")
            (last,) = marks
            again = _Stream(pages, server.url, run, last)  # as a browser that connects again
            assert again.next_mark() != last
            streams.append(again)
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 9  # for answers that go on it would wait ten seconds
            for stream in streams:
                stream.read_to_the_end()


class _Stream:
    """An open page, as its browser sees it."""

    def __init__(self, stack: ExitStack, url: str, run: str, last: bytes = b"") -> None:
        host, port = url.removeprefix("http://").split(":")
        self._socket = stack.enter_context(socket.create_connection((host, int(port)), timeout=30))
        request = f"GET /live?kind=run&id={run} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\n"
        self._socket.sendall(request.encode() + b"last-event-id: " + last + b"\r\n\r\n")
        self._read = stack.enter_context(self._socket.makefile("rb"))
        assert b"200" in self._read.readline()
        while self._read.readline() != b"retry: 2000\n":  # what each stream begins with
            pass

    def next_mark(self) -> bytes:
        while not (line := self._read.readline()).startswith(b"id: "):
            assert line, "the stream ended"
        return line.removeprefix(b"id: ").strip()

    def read_to_the_end(self) -> None:
        while self._read.readline():
            pass


def _cpu_of_requests(url: str, process: psutil.Process) -> float:
    """Seconds of processor time that the server takes to answer ordinary requests."""
    before = process.cpu_times()
    with httpx.Client(base_url=url) as http:
        for _ in range(50):
            http.get("/projects").raise_for_status()
    after = process.cpu_times()
    return after.user - before.user + after.system - before.system
