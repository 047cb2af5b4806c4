"""What holds of the parts of multi-part uploads wherever they are kept: their ids, numbers and names."""

import re
import secrets
from collections.abc import Sequence
from itertools import pairwise

from podium.domain.manifests import check_digest
from podium.errors import InvalidArgument, NotFound

MAX_PART_NUMBER = 10_000

_UPLOAD_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def new_upload_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def is_upload_id(text: str) -> bool:
    """Whether the text has the form of an upload id."""
    return _UPLOAD_ID.fullmatch(text) is not None


def check_upload_id(upload_id: str) -> str:
    """The id, if it is one. Raises `InvalidArgument`."""
    if not is_upload_id(upload_id):
        raise InvalidArgument("An upload id consists of 32 hexadecimal digits.")
    return upload_id


def part_name(number: int, etag: str) -> str:
    """The name of a part that has the SHA-256 `etag`. Raises `InvalidArgument`."""
    if not 1 <= number <= MAX_PART_NUMBER:
        raise InvalidArgument(f"Part number {number} is not between 1 and {MAX_PART_NUMBER}.")
    return f"{number:05}.{check_digest(etag)}"


def check_order(parts: Sequence[tuple[int, str]]) -> None:
    """Raises `InvalidArgument` for a list of numbers and etags that cannot make a whole."""
    numbers = [number for number, _ in parts]
    if not numbers or any(a >= b for a, b in pairwise(numbers)):
        raise InvalidArgument("Name at least one part, each once, in ascending order.")


def not_received(number: int) -> InvalidArgument:
    """What is wrong with a part that the completing request names."""
    return InvalidArgument(f"Part {number} was not received with this etag.")


def unknown_upload(upload_id: str) -> NotFound:
    """What is wrong with an upload that is not open."""
    return NotFound(f"There is no upload {upload_id}; it may be completed or aborted.")
