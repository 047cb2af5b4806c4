"""What several resources of the native API share: times, pages, and fields of requests."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from msgspec import Meta

from podium.errors import InvalidArgument
from podium.protocols.native.endpoint import Input

MAX_LIMIT = 1000

Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="The most items to answer")]
Cursor = Annotated[str, Meta(description="`next_cursor` of the page before; opaque")]
Time = Annotated[str, Meta(description="RFC 3339; without an offset it is UTC", examples=["2026-11-01T12:00:00Z"])]
VersionNumber = Annotated[int, Meta(ge=1, le=2**63 - 1, description="Number of a version")]
Name = Annotated[str, Meta(min_length=1)]
Tags = dict[str, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class PageInput(Input, frozen=True, kw_only=True):
    """A page of a list."""

    limit: Limit = 100
    cursor: Cursor | None = None


def shown(at: int) -> datetime:
    """Milliseconds since the epoch as a time in UTC. A time of a client that no calendar reaches is shown as the
    nearest that one has.
    """
    try:
        return _EPOCH + at * _MILLISECOND
    except OverflowError:
        return _LAST if at > 0 else _FIRST


def shown_or_none(at: int | None) -> datetime | None:
    """Like `shown`, for a time that may be missing."""
    return None if at is None else shown(at)


def parse_time(field: str, text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 time; without an offset it is UTC. Raises InvalidArgument."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        return (time - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        raise InvalidArgument(
            f"Field '{field}' is no time: '{text[:100]}'. Write it as RFC 3339, like 2026-11-01T12:00:00Z."
        ) from None


def parse_optional_time(field: str, text: str | None) -> int | None:
    """Like `parse_time`, for a time that may be missing."""
    return None if text is None else parse_time(field, text)
