"""Ports for servers that are started again where they were."""

import random
import socket

# Below those that the system gives out by itself: while the server is down, no connection of another test takes its
# port. Tests that run side by side draw different ones.
_PORTS = range(20_000, 32_000)


def lasting_port() -> int:
    """A port that nobody has at present."""
    for port in random.SystemRandom().sample(_PORTS, 100):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no port of a hundred is free")
