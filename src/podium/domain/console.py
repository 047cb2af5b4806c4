"""Lines of a run's console as its process sent them: JSON objects, or texts that begin with their time."""

import msgspec

_ERROR = "ERROR "


class ConsoleLine(msgspec.Struct, frozen=True):
    """What was written, when, and by whom where several processes write; `level` is "error" for what went to stderr."""

    number: int
    line: str
    timestamp: str | None = None
    level: str | None = None
    label: str | None = None


class _Structured(msgspec.Struct):
    content: str
    ts: str | None = None
    level: str | None = None
    label: str | None = None


def parse_console(number: int, text: str) -> ConsoleLine:
    """The line of this number. Whatever has neither form is all content."""
    if text.startswith("{"):
        try:
            found = msgspec.json.decode(text, type=_Structured)
        except msgspec.DecodeError:
            return ConsoleLine(number, text)
        return ConsoleLine(number, found.content, found.ts, found.level, found.label)
    level = "error" if text.startswith(_ERROR) else None
    time, space, content = text.removeprefix(_ERROR).partition(" ")
    if not (space and time[:4].isdecimal() and time[4:5] == "-"):
        return ConsoleLine(number, text)
    return ConsoleLine(number, content, time, level)
