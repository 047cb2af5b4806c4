"""What a server occupies."""

import os
import re
from pathlib import Path

PROC = Path("/proc")
_PSS = re.compile(r"^Pss:\s+(\d+)", re.MULTILINE)


def resident_mib(group: int) -> float | None:
    """MiB of a process group, shared pages counted once (PSS). None where there is no /proc: not Linux."""
    if not PROC.is_dir():
        return None
    return sum(_kib(int(entry.name)) for entry in PROC.iterdir() if entry.name.isdigit() and _in(group, entry)) / 1024


def _in(group: int, entry: Path) -> bool:
    try:
        return os.getpgid(int(entry.name)) == group
    except ProcessLookupError:
        return False


def _kib(process: int) -> int:
    try:
        found = _PSS.search((PROC / str(process) / "smaps_rollup").read_text())
    except OSError:  # it ended meanwhile
        return 0
    return int(found[1]) if found else 0
