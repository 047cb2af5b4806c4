"""HTTP as no library sends it: bytes on a socket."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

_PATIENCE_S = 10


def connect(url: str) -> socket.socket:
    """A connection to the server at `url`."""
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=_PATIENCE_S)


@contextmanager
def connections(url: str, count: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Many connections that send the same and then nothing; they are closed behind the block."""
    with ExitStack() as stack:
        opened = [stack.enter_context(connect(url)) for _ in range(count)]
        for connection in opened:
            connection.sendall(sent)
        yield opened


def rest_of(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection. Raises TimeoutError when it does not."""
    received = b""
    try:
        while piece := connection.recv(1 << 16):
            received += piece
    except ConnectionResetError:  # closed while something of ours was still unread
        pass
    return received


def exchange(url: str, sent: bytes) -> bytes:
    """What the server answers, once it has closed the connection."""
    with connect(url) as connection:
        connection.sendall(sent)
        return rest_of(connection)


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    """A request with just these headers, however wrong they are."""
    lines = [f"{method} {path} HTTP/1.1", "Host: podium", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
