"""The beginning of a file, as a page shows it: text with its syntax in colours, tables, pictures. Nothing is run."""

import csv
import io
import json
from pathlib import PurePosixPath
from typing import Literal

import msgspec
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from podium.asgi.downloads import content_type, download
from podium.domain.manifests import ManifestEntry
from podium.services.artifacts import Artifacts

MAX_BYTES = 256 << 10  # that are read of a file to show it
MAX_ROWS = 200
MAX_CELLS = 60
# Types that a browser only draws. SVG is not among them: it can hold scripts.
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_TABLES = {".csv": ",", ".tsv": "\t"}
_LANGUAGES = {
    ".py": "python",
    ".json": "json",
    ".ipynb": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".toml": "toml",
    ".sh": "bash",
    ".sql": "sql",
    ".html": "html",
    ".svg": "xml",
    ".xml": "xml",
    ".md": "markdown",
    ".js": "javascript",
}
_NAMED = {"MLmodel": "yaml", "Dockerfile": "docker"}


class Preview(msgspec.Struct, frozen=True):
    """What to show of a file. `is_cut` says that there is more of it."""

    kind: Literal["text", "table", "picture", "none"]
    is_cut: bool = False
    text: str = ""
    html: Markup = Markup("")
    rows: list[list[str]] = []


def is_picture(path: str) -> bool:
    """Whether a browser may draw the file without any risk."""
    return PurePosixPath(path).suffix.lower() in PICTURES


async def preview_of(artifacts: Artifacts, file: ManifestEntry) -> Preview:
    """What to show of a file that the viewer was given."""
    if is_picture(file.path):
        return Preview("picture")
    content = b"".join([chunk async for chunk in artifacts.read(file, 0, min(file.size_bytes, MAX_BYTES))])
    return preview(file, content)


async def raw_answer(request: Request, artifacts: Artifacts, file: ManifestEntry) -> Response:
    """The bytes of a file: pictures to be drawn, all else to be kept; nothing of it runs in our pages."""
    response = await download(request, file, lambda start, end: artifacts.read(file, start, end))
    if is_picture(file.path):
        response.headers["content-type"] = content_type(file.path)
        response.headers["content-disposition"] = "inline"
    response.headers["content-security-policy"] = "default-src 'none'; sandbox"
    return response


def preview(file: ManifestEntry, content: bytes) -> Preview:
    """What to show of a file with this beginning."""
    text = as_text(content)
    if text is None:
        return Preview("none")
    is_cut = len(content) < file.size_bytes
    separator = _TABLES.get(PurePosixPath(file.path).suffix.lower())
    if separator is not None and (rows := _rows(text, separator)):
        return Preview("table", is_cut or len(rows) > MAX_ROWS, rows=rows[:MAX_ROWS])
    text = _indented(file.path, text)
    return Preview("text", is_cut, text, highlighted(file.path, text))


def highlighted(path: str, text: str) -> Markup:
    """The text with a `span` around each part of its syntax, whose classes podium.css colours."""
    from pygments import highlight  # noqa: PLC0415  loaded with the first file that is looked at
    from pygments.formatters import HtmlFormatter  # noqa: PLC0415
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415

    name = PurePosixPath(path)
    language = _NAMED.get(name.name) or _LANGUAGES.get(name.suffix.lower(), "text")
    formatter = HtmlFormatter(nowrap=True, classprefix="hl-")
    return Markup(highlight(text, get_lexer_by_name(language), formatter))  # noqa: S704  the formatter escapes


def _indented(path: str, text: str) -> str:
    if not path.endswith((".json", ".ipynb")):
        return text
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text  # cut off, or none


def _rows(text: str, separator: str) -> list[list[str]]:
    try:
        reader = csv.reader(io.StringIO(text), delimiter=separator)
        return [row[:MAX_CELLS] for _, row in zip(range(MAX_ROWS + 1), reader, strict=False)]
    except csv.Error:
        return []


def as_text(content: bytes) -> str | None:
    """The content as text, if that is what it is; a character that the limit cut off is left out."""
    if b"\0" in content:
        return None
    text = content.decode("utf-8", "replace").rstrip("\ufffd")
    return None if text.count("\ufffd") > len(text) // 100 else text
