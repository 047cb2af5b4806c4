"""An S3 on the loopback address, and buckets in it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from support.ports import lasting_port

BUCKET = "artifacts"


class S3:
    """A running S3. `stop` takes it down with all it has, `start` brings it back, empty, at the same address."""

    def __init__(self) -> None:
        self.url = ""
        self._port = lasting_port()
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(Path(__file__).with_name("s3_server.py")), str(self._port)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "moto did not start"
        httpx.put(f"{self.url}/{BUCKET}").raise_for_status()

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    def new_store(self) -> str:
        """The URL of an empty store of its own."""
        return f"s3://{BUCKET}/{uuid4().hex}"

    def environment(self, patch: pytest.MonkeyPatch) -> None:
        """Points what reads the usual variables here."""
        patch.setenv("AWS_ENDPOINT_URL", self.url)
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_REGION", "us-east-1")

    def keys(self, url: str) -> list[str]:
        """What lies in a store, by key below its URL."""
        folder = url.partition(f"{BUCKET}/")[2]
        text = httpx.get(f"{self.url}/{BUCKET}", params={"list-type": "2", "prefix": f"{folder}/"}).text
        return [part.partition("</Key>")[0].removeprefix(f"{folder}/") for part in text.split("<Key>")[1:]]

    def unfinished(self) -> int:
        """How many multi-part uploads of the bucket's own kind nobody ended."""
        return httpx.get(f"{self.url}/{BUCKET}?uploads").text.count("<Upload>")


@contextmanager
def running_s3() -> Iterator[S3]:
    """An S3 that ends with the block."""
    s3 = S3()
    try:
        yield s3
    finally:
        s3.stop()
