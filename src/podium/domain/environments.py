"""What a model needs to run: the packages that its `requirements.txt`, `conda.yaml` or `python_env.yaml` name."""

import re
from collections.abc import Mapping

# In this order: what a later one says of a package that an earlier one named is left out.
ENVIRONMENT_FILES = ("requirements.txt", "conda.yaml", "python_env.yaml")

_NEED = re.compile(r"([A-Za-z0-9][\w.-]*(?:\[[\w,.\s-]*\])?)\s*(.*)")
_SEPARATOR = re.compile(r"[-_.]+")
_IGNORED = frozenset({"name", "channels", "dependencies", "build-dependencies", "prefix", "pip-args"})


def packages_of(text: str) -> dict[str, str]:
    """Package to version, as the lines of one of the files say: `numpy==2.1` is numpy, `==2.1`."""
    found: dict[str, str] = {}
    section = ""
    for raw in text.splitlines():
        line = raw.split(" #")[0].rstrip()
        if line.endswith(":") and not line.lstrip().startswith("-"):
            section = line.strip()
            continue
        line = line.strip().removeprefix("- ").strip().strip("\"'")
        match = _NEED.fullmatch(line)
        if match is None or line.startswith(("#", "-")) or section == "channels:":
            continue
        name, need = _SEPARATOR.sub("-", match[1]).lower(), match[2].strip()
        if name in _IGNORED or need == ":":
            continue
        found.setdefault(name, _version(need))
    return found


def environment_of(texts: Mapping[str, str]) -> dict[str, str]:
    """Package to version over the files that there are, by their names."""
    found: dict[str, str] = {}
    for name in ENVIRONMENT_FILES:
        for package, need in packages_of(texts.get(name, "")).items():
            found.setdefault(package, need)
    return found


def _version(need: str) -> str:
    """What is asked for, in one form for all files: `=3.11` of conda and `: 3.11` of YAML mean exactly that."""
    if not need:
        return "any"
    if need.startswith(":"):
        return f"=={need[1:].strip()}"
    return f"={need}" if re.match(r"=[^=]", need) else need
