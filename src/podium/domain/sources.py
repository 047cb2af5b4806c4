"""Where a version is registered from: the forms of a source URI, and which of them are refused.

The rules and their words are those of MLflow 3.17's server. Nothing is looked up here.
"""

import posixpath
import re
from functools import lru_cache
from typing import Literal, NoReturn
from urllib.parse import unquote, unquote_plus, urlparse, urlsplit

import msgspec

from podium.domain.aliases import is_latest
from podium.domain.locations import proxied_path
from podium.errors import InvalidArgument

Owner = Literal["run_id", "model_id"]

MAX_REMEMBERED = 2048  # characters; what is longer will be refused

_PROXY_ROUTE = ("api", "2.0", "mlflow-artifacts", "artifacts")


class LocalSource(msgspec.Struct, frozen=True):
    """A path of a file system, which only the caller can read."""

    path: str


class RunSource(msgspec.Struct, frozen=True):
    """`runs:/<run id>/<path>`."""

    run_id: str
    path: str


class LoggedModelSource(msgspec.Struct, frozen=True):
    """`models:/<model id>`."""

    model_id: str


class RegisteredSource(msgspec.Struct, frozen=True):
    """`models:/<name>/<version or stage or latest>` or `models:/<name>@<alias>`; all None means the newest version."""

    name: str
    version: int | None = None
    stage: str | None = None
    alias: str | None = None


class ProxiedSource(msgspec.Struct, frozen=True):
    """A place that is read through a tracking server, this one or another."""


class ExternalSource(msgspec.Struct, frozen=True):
    """A place outside, of any other scheme."""


Source = LocalSource | RunSource | LoggedModelSource | RegisteredSource | ProxiedSource | ExternalSource


def parse_source(source: str) -> Source:
    """What kind of place `source` names. Raises InvalidArgument for what is malformed or leads out of its place."""
    try:
        return (_parse if len(source) <= MAX_REMEMBERED else _parse.__wrapped__)(source)
    except ValueError as error:  # the host is malformed
        raise InvalidArgument(f"Invalid model version source: '{source}'. It is no URI: {error}.") from None


@lru_cache(maxsize=1024)  # a pipeline registers from the same few places
def _parse(source: str) -> Source:
    if _is_local(source):
        return LocalSource(_local_path(source))
    _check_absolute(source)
    parsed = urlparse(source)
    if parsed.scheme == "runs":
        if parsed.netloc:
            raise_not_within(source, "run_id")
        return _run_source(source)
    if parsed.scheme == "models":
        return _models_source(source)
    return ProxiedSource() if _is_proxied(source) else ExternalSource()


def raise_not_within(source: str, owner: Owner) -> NoReturn:
    """Refuse a source that is not part of the run or logged model that the request names."""
    raise InvalidArgument(
        f"Invalid model version source: '{source}'. The {owner} request parameter must "
        "identify the resource that contains the source."
    )


def check_local_within(source: str, path: str, owner: Owner, root: str | None) -> None:
    """Raise InvalidArgument unless a local path lies within `root`, the folder of the named run or logged model."""
    if root is not None and _is_local(root) and _is_below(path, _local_path(root)):
        return
    folder = "contained within" if owner == "run_id" else "be contained within"
    between = "has to be " if owner == "run_id" else "has to "
    raise InvalidArgument(
        f"Invalid model version source: '{source}'. To use a local path as a model version source, "
        f"the {owner} request parameter has to be specified and the local path {between}{folder} "
        f"the artifact directory of the run specified by the {owner}."
    )


@lru_cache(maxsize=1024)
def is_within(source: str, root: str) -> bool:
    """Whether a URI is `root` or below it: same scheme, same host, and its path begins with the root's."""
    scheme, host, parts = _uri_parts(source)
    root_scheme, root_host, root_parts = _uri_parts(root)
    same_place = (scheme, host) == (root_scheme, root_host)
    return same_place and bool(root_parts) and parts[: len(root_parts)] == root_parts


@lru_cache(maxsize=1024)
def folder_of(uri: str) -> str | None:
    """As `proxied_path`, with `/` for each row of slashes in the URI's path: MLflow takes them for one."""
    parts = urlsplit(uri)
    return proxied_path(parts._replace(path=re.sub(r"/{2,}", "/", parts.path)).geturl())


def _is_local(uri: str) -> bool:
    parsed = urlparse(uri)
    if parsed.scheme == "file":
        host = parsed.hostname or ""
        if host and host != "." and not host.startswith(("localhost", "127.0.0.1")):
            raise InvalidArgument(
                f"{uri} is not a valid remote uri. For remote access on windows, please consider "
                "using a different scheme such as SMB (e.g. smb://<hostname>/<path>)."
            )
        return True
    return parsed.scheme == ""


def _local_path(uri: str) -> str:
    parsed = urlparse(uri)
    return posixpath.normpath(unquote(parsed.path) if parsed.scheme == "file" else uri)


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")


def _check_absolute(source: str) -> None:
    """Refuse `..`, NUL and relative paths, also where decoding percent signs again and again brings them out."""
    decoded = source
    while (once_more := unquote_plus(decoded)) != decoded:
        decoded = once_more
    path = re.sub(r"/+", "/", urlparse(decoded).path.rstrip("/"))
    if "\x00" in path or ".." in decoded.split("/") or not path.startswith("/") or posixpath.normpath(path) != path:
        raise InvalidArgument(
            f"Invalid model version source: '{source}'. If supplying a source as an http, https, "
            "local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be "
            "provided without relative path references present. Please provide an absolute path."
        )


def _run_source(source: str) -> RunSource:
    run_id, _, path = urlparse(source).path.lstrip("/").partition("/")
    if not run_id or not path:
        raise InvalidArgument(
            f"Not a proper runs:/ URI: {source}. Runs URIs must be of the form "
            "'runs:/<run_id>/run-relative/path/to/artifact'"
        )
    return RunSource(run_id, path)


def _models_source(source: str) -> LoggedModelSource | RegisteredSource:
    parsed = urlparse(source, allow_fragments=False)
    if parsed.netloc:
        raise InvalidArgument(
            f"Invalid model version source: '{source}'. Registered model sources must use the active model registry."
        )
    parts = parsed.path.lstrip("/").split("/")
    if len(parts) > 2 or not parts[0].strip() or not parts[-1].strip():
        raise_not_within(source, "model_id")
    if len(parts) == 2:
        return _by_suffix(*parts)
    name, at, alias = parts[0].rpartition("@")
    if not at:
        return LoggedModelSource(parts[0])
    if not alias.strip():
        raise_not_within(source, "model_id")
    return RegisteredSource(name, alias=alias)


def _by_suffix(name: str, suffix: str) -> RegisteredSource:
    if suffix.isdecimal() and len(suffix) < 19:
        return RegisteredSource(name, version=int(suffix))
    if is_latest(suffix):
        return RegisteredSource(name)
    return RegisteredSource(name, stage=suffix)


def _is_proxied(uri: str) -> bool:
    scheme, _, parts = _uri_parts(uri)
    if scheme == "mlflow-artifacts":
        return True
    width = len(_PROXY_ROUTE)
    starts = range(len(parts) - width + 1)
    return scheme in ("http", "https") and any(parts[i : i + width] == _PROXY_ROUTE for i in starts)


@lru_cache(maxsize=1024)  # asked several times for each source, and sources often come again
def _uri_parts(uri: str) -> tuple[str, str, tuple[str, ...]]:
    parsed = urlsplit(uri)
    parts = tuple(_decode(part) for part in parsed.path.split("/") if part)
    return parsed.scheme.lower(), parsed.netloc.lower(), parts


def _decode(text: str) -> str:
    while (once_more := unquote(text)) != text:
        text = once_more
    return text
