"""The files that pages load: styles, scripts, icons and fonts, each under an address that names its content.

So a browser may keep them for ever, and takes the new ones at once after an upgrade.
"""

import gzip
import hashlib
import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from podium.asgi.headers import header
from podium.asgi.router import Route
from podium.errors import NotFound

PREFIX = "/static/"
_STATIC = files("podium.protocols.pages") / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_SPRITE = "icons.svg"
_SHEETS, _SHEET = "css/", "podium.css"  # one request for all of them
_MIN_GZIP = 600  # bytes
_FOR_EVER = "public, max-age=31536000, immutable"
_URL = re.compile(r'url\("([^"]+)"\)')
_SVG = re.compile(r'<svg[^>]*viewBox="(?P<box>[^"]+)"[^>]*>(?P<shapes>.*)</svg>', re.DOTALL)


class Asset(msgspec.Struct, frozen=True):
    """A file as it is sent, also packed where that pays."""

    body: bytes
    packed: bytes | None
    media_type: str
    version: str  # a digest of the content


@cache
def assets() -> dict[str, Asset]:
    """Every file below static/ by its path there, the styles in one, and the icons; read for the first page."""
    found = {name: _asset(name, file.read_bytes()) for name, file in _walk(_STATIC, "")}
    sheets = [name for name in sorted(found) if name.startswith(_SHEETS)]
    styles = "\n".join(found.pop(name).body.decode() for name in sheets)
    whole = _URL.sub(lambda match: f'url("{_address(match[1], found[match[1]])}")', styles).encode()
    return found | {_SPRITE: _asset(_SPRITE, _sprite()), _SHEET: _asset(_SHEET, whole)}


def asset_url(name: str) -> str:
    """The address of a file; it changes with the content. Raises KeyError."""
    return _address(name, assets()[name])


def _address(name: str, asset: Asset) -> str:
    return f"{PREFIX}{name}?v={asset.version}"


async def serve(request: Request) -> Response:
    """The file. Raises NotFound."""
    asset = assets().get(request.path_params["name"])
    if asset is None:
        raise NotFound("There is no such file.")
    headers = {"cache-control": _FOR_EVER, "vary": "accept-encoding", "x-content-type-options": "nosniff"}
    if asset.packed is not None and accepts_gzip(request):
        headers["content-encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def accepts_gzip(request: Request) -> bool:
    """Whether the browser unpacks what is packed so."""
    return "gzip" in header(request.scope, b"accept-encoding")


async def favicon(_: Request) -> Response:
    """To the logo, for those who look for it where browsers always have."""
    return RedirectResponse(asset_url("logo.svg"))


FAVICON = Route("GET", "/favicon.ico", favicon)
ASSETS = Route("GET", PREFIX + "{name:path}", serve)


def _asset(name: str, body: bytes) -> Asset:
    suffix = PurePosixPath(name).suffix
    packs = suffix != ".woff2" and len(body) >= _MIN_GZIP
    packed = gzip.compress(body, 9, mtime=0) if packs else None
    return Asset(body, packed, _TYPES[suffix], hashlib.sha256(body).hexdigest()[:12])


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "icons":  # they are sent as one file
                found += _walk(entry, f"{prefix}{entry.name}/")
        elif PurePosixPath(entry.name).suffix in _TYPES:
            found.append((prefix + entry.name, entry))
    return found


def _sprite() -> bytes:
    """Each icon as a symbol, which `<use href="…/icons.svg#name">` draws in the colour of the text, and the logo."""
    icons = [file for file in (_STATIC / "vendor" / "icons").iterdir() if file.name.endswith(".svg")]
    symbols = [_symbol(icon) for icon in sorted([*icons, _STATIC / "logo.svg"], key=lambda file: file.name)]
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()


def _symbol(file: Traversable) -> str:
    parts = _SVG.search(file.read_text())
    assert parts is not None, file.name
    return f'<symbol id="{file.name[:-4]}" viewBox="{parts["box"]}">{" ".join(parts["shapes"].split())}</symbol>'
