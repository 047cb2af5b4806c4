"""A large file through Podium into an S3: times, and the server's CPU and memory: `bench_object_store.py [MiB]`.

The S3 is moto's, on this machine, so the times say more of moto than of a store; CPU and memory are Podium's own.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
MIB = 1 << 20
PART_MIB = 64
BASE = "/api/2.0/mlflow-artifacts"


def body(size_mib: int) -> Iterator[bytes]:
    """Bytes that no two parts of share."""
    for number in range(size_mib):
        yield number.to_bytes(8) * (MIB // 8)


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    """What the pattern finds first in the output of the process."""
    assert process.stdout is not None
    for line in process.stdout:
        if match := re.search(pattern, line):
            return match[0]
    raise RuntimeError(f"the process ended without {pattern}")


def report(what: str, started: float, size_mib: int, server: subprocess.Popen[str]) -> None:
    """One line: the time, and what the server used up to now."""
    took = time.monotonic() - started
    peak_mib = int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())[0]) // 1024
    ticks = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    cpu_s = sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
    print(
        f"{what:<26} {took:6.1f} s {size_mib / took:5.0f} MiB/s; server: {cpu_s:5.1f} s CPU so far, {peak_mib} MiB peak"
    )


def transfers(http: httpx.Client, size_mib: int, server: subprocess.Popen[str]) -> None:
    """Up and down through the server, then up in parts past it."""
    report("after the start", time.monotonic() - 1, 0, server)
    started = time.monotonic()
    http.put(f"{BASE}/artifacts/through.bin", content=body(size_mib)).raise_for_status()
    report("up through the server", started, size_mib, server)
    started = time.monotonic()
    with http.stream("GET", f"{BASE}/artifacts/through.bin") as answer:
        assert sum(map(len, answer.iter_raw())) == size_mib * MIB
    report("down through the server", started, size_mib, server)
    count = size_mib // PART_MIB
    created = http.post(f"{BASE}/mpu/create/f", json={"path": "parts.bin", "num_parts": count}).json()
    started = time.monotonic()
    parts = []
    for credential in created["credentials"]:
        content = credential["part_number"].to_bytes(8) * (PART_MIB * MIB // 8)
        sent = httpx.put(credential["url"], content=content, timeout=None)  # noqa: S113  moto is slow
        parts.append({"part_number": credential["part_number"], "etag": sent.headers["etag"]})
    report("parts past the server", started, size_mib, server)
    started = time.monotonic()
    message = {"path": "parts.bin", "upload_id": created["upload_id"], "parts": parts}
    http.post(f"{BASE}/mpu/complete/f", json=message).raise_for_status()
    report("joined, hashed and copied", started, size_mib, server)


def main() -> None:
    """Start an S3 and a server, transfer, and end both."""
    size_mib = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    s3_command = [sys.executable, str(ROOT / "tests/support/s3_server.py"), "0"]
    s3 = subprocess.Popen(s3_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    address = line_with(s3, "http://.*")
    httpx.put(f"{address}/bucket").raise_for_status()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ALLOW_HTTP": "true"}
    environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": address}
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "podium", "server", "--port", "0", "--data", data]
        command += ["--artifact-store", "s3://bucket/bench", "--log-level", "error"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603
        try:
            with httpx.Client(base_url=line_with(server, "http://.*"), timeout=None) as http:  # noqa: S113  as above
                transfers(http, size_mib, server)
        finally:
            for process in (server, s3):
                process.send_signal(signal.SIGTERM)
                process.wait()


main()
