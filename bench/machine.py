"""Where a race was run: what the figures belong to."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

_QUIET_S = 3
_QUIET_SHARE = 0.1


def facts(place: Path) -> dict[str, str]:
    """What has to be known to compare figures, in the order of reading. `place` is on the disk that is used."""
    return {
        "processor": f"{os.cpu_count()} x {_found('/proc/cpuinfo', r'model name[^:]*: (.*)') or platform.machine()}",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "file system": _file_system(place),
        "busy before": f"load average {os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "commit": _git("describe", "--always", "--dirty"),
    }


def settle(limit_s: float = 90.0) -> None:
    """Return once the processors have little to do: a server that answers may still be starting its workers."""
    deadline = time.monotonic() + limit_s
    quiet = 0
    while quiet < _QUIET_S and time.monotonic() < deadline:
        before = _busy_s()
        time.sleep(1)
        quiet = quiet + 1 if _busy_s() - before < _QUIET_SHARE * (os.cpu_count() or 1) else 0


def wrk_version() -> str | None:
    """The release of wrk; None when it is not installed."""
    if not shutil.which("wrk"):
        return None
    told = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"wrk (?:debian/)?(\S+)", told)
    return found[1] if found else "?"


def _busy_s() -> float:
    """Seconds that the processors have worked since the machine was started; nothing where that is not told."""
    told = _found("/proc/stat", r"cpu +(.*)")
    user, nice, system = (int(ticks) for ticks in told.split()[:3]) if told else (0, 0, 0)
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def _memory() -> str:
    kib = _found("/proc/meminfo", r"MemTotal:\s+(\d+)")
    return f"{int(kib) / (1 << 20):.0f} GiB" if kib else "unknown"


def _file_system(place: Path) -> str:
    """The type of the mount that holds `place`: the one with the longest path above it."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return "unknown"
    above = [(len(point), kind) for point, kind in mounts if place.resolve().is_relative_to(point)]
    return max(above)[1] if above else "unknown"


def _found(file: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path(file).read_text())
    except OSError:
        return None
    return found[1].strip() if found else None


def _git(*words: str) -> str:
    try:
        told = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()
