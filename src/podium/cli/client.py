"""HTTP to a running server's native API, with errors as people can use them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from podium.errors import PodiumError

PREFIX = "/api/v1"

_PAGE = 200


class CommandFailed(PodiumError):
    """What a command could not do, in one line."""


class ServerRefused(CommandFailed):
    """The server's answer was a problem; `status` is its HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """One server. Path segments are percent-encoded here, so names may hold anything."""

    def __init__(self, url: str, *, user: str | None, api_key: str | None, team: str | None) -> None:
        # Files are checked byte by byte: nothing on the way may compress them.
        headers = {"user-agent": "podium-cli", "accept-encoding": "identity"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        if team:
            headers["x-podium-team"] = team
        self.url = url.rstrip("/")
        auth = httpx.BasicAuth(user, "") if user and not api_key else None
        # Large answers take their time; only the connection has to come at once.
        timeout = httpx.Timeout(300, connect=10)
        self._http = httpx.Client(headers=headers, auth=auth, timeout=timeout)

    def get(self, *path: str | int, **query: Any) -> Any:
        """The answer to a GET, decoded; a query value of None is left out."""
        return self._json("GET", path, params=query)

    def send(self, method: str, *path: str | int, body: Any = None, **query: Any) -> Any:
        """The answer to a change, decoded; None where the server has nothing to say."""
        return self._json(method, path, params=query, json=body)

    def items(self, *path: str | int, limit: int, **query: Any) -> list[Any]:
        """Up to `limit` items of a list, from as many pages as that takes."""
        found: list[Any] = []
        cursor: str | None = None
        while len(found) < limit:
            page = self.get(*path, limit=min(_PAGE, limit - len(found)), cursor=cursor, **query)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def stream(self, *path: str | int, headers: dict[str, str] | None = None) -> "Download":
        """A GET whose body is read in pieces; a context manager."""
        return Download(self, _url(self.url, path), headers or {})

    def upload(self, *path: str | int, chunks: Iterator[bytes], size_bytes: int) -> Any:
        """The answer to a PUT of bytes."""
        headers = {"content-length": str(size_bytes), "content-type": "application/octet-stream"}
        return _decoded(self.request("PUT", _url(self.url, path), content=chunks, headers=headers))

    def text(self, path: str) -> tuple[int, str]:
        """Status and text of one of the server's pages for operators."""
        response = self._open("GET", self.url + path)
        return response.status_code, response.text

    def request(self, method: str, url: str, **parts: Any) -> httpx.Response:
        """The response. Raises CommandFailed for a server that is not there, and ServerRefused for a problem."""
        response = self._open(method, url, **parts)
        if response.status_code >= 400:
            response.read()
            raise _refusal(response)
        return response

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()

    def _json(self, method: str, path: tuple[str | int, ...], **parts: Any) -> Any:
        query = {key: value for key, value in parts.pop("params").items() if value is not None}
        if parts.get("json") is None:
            parts.pop("json", None)
        return _decoded(self.request(method, _url(self.url, path), params=query, **parts))

    def _open(self, method: str, url: str, *, stream: bool = False, **parts: Any) -> httpx.Response:
        try:
            return self._http.send(self._http.build_request(method, url, **parts), stream=stream)
        except httpx.ConnectError:
            raise CommandFailed(
                f"No server answers at {self.url}. Start one with `podium server`, "
                "or name another with --url or PODIUM_URL."
            ) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise CommandFailed(f"'{self.url}' is no URL of a server: {error}") from None
        except httpx.HTTPError as error:
            raise CommandFailed(f"The connection to {self.url} failed: {error or type(error).__name__}") from None


class Download:
    """A response that is read piece by piece."""

    def __init__(self, client: Client, url: str, headers: dict[str, str]) -> None:
        self._client, self._url, self._headers = client, url, headers

    def __enter__(self) -> httpx.Response:
        self._response = self._client.request("GET", self._url, headers=self._headers, stream=True)
        return self._response

    def __exit__(self, *_: object) -> None:
        self._response.close()


def _url(base: str, path: tuple[str | int, ...]) -> str:
    return "/".join([base + PREFIX, *(quote(str(part), safe="") for part in path)])


def _decoded(response: httpx.Response) -> Any:
    return msgspec.json.decode(response.content) if response.content else None


def _refusal(response: httpx.Response) -> ServerRefused:
    try:
        problem = msgspec.json.decode(response.content)
        message = str(problem["detail"])
    except (msgspec.DecodeError, KeyError, TypeError):
        message = f"{response.url} answered {response.status_code}: is a Podium server there?"
    return ServerRefused(message, response.status_code)
