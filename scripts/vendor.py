"""Fetches the files of other projects that Podium serves, from the npm registry, and notes where they are from.

python scripts/vendor.py          fetch again what VENDORED lists
python scripts/vendor.py --check  say whether the files are those that vendored.json notes; fetches nothing
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent / "src" / "podium"
NOTE = "vendored.json"


@dataclass(frozen=True)
class Package:
    """Files of one release of an npm package, and the folder below src/podium that they go to, all side by side."""

    name: str
    version: str
    folder: str
    files: tuple[str, ...]


_PAGES = "protocols/pages/static/vendor"
_ICONS = [
    "activity",
    "archive",
    "arrow-left",
    "arrow-right",
    "arrow-up-right",
    "bell",
    "bell-off",
    "box",
    "boxes",
    "check",
    "chevron-down",
    "chevron-right",
    "circle-alert",
    "clock",
    "columns-3",
    "copy",
    "database",
    "download",
    "file",
    "file-code",
    "folder",
    "git-branch",
    "git-compare",
    "history",
    "image",
    "info",
    "key",
    "keyboard",
    "layers",
    "layout-grid",
    "link",
    "list-filter",
    "log-out",
    "maximize",
    "message-square",
    "minus",
    "moon",
    "more-horizontal",
    "package",
    "pencil",
    "plus",
    "rocket",
    "search",
    "settings",
    "shield-check",
    "sliders-horizontal",
    "sparkles",
    "sun",
    "table",
    "tag",
    "terminal",
    "trash-2",
    "trending-up",
    "trophy",
    "user",
    "users",
    "workflow",
    "x",
    "zap",
]

VENDORED = (
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "protocols/native/static",
        ("swagger-ui.css", "swagger-ui-bundle.js", "LICENSE", "NOTICE"),
    ),
    Package("htmx.org", "2.0.11", f"{_PAGES}/htmx", ("dist/htmx.min.js", "LICENSE")),
    Package("uplot", "1.6.32", f"{_PAGES}/uplot", ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")),
    Package("@dagrejs/dagre", "3.1.3", f"{_PAGES}/dagre", ("dist/dagre.min.js", "LICENSE")),
    Package(
        "@fontsource-variable/inter", "5.3.0", f"{_PAGES}/inter", ("files/inter-latin-wght-normal.woff2", "LICENSE")
    ),
    Package("lucide-static", "1.62.0", f"{_PAGES}/icons", (*(f"icons/{name}.svg" for name in _ICONS), "LICENSE")),
)


def fetch(package: Package) -> None:
    """Download a package with npm, which checks its integrity, and take the files out of it."""
    target = ROOT / package.folder
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603  the arguments are those above
            ["npm", "pack", f"{package.name}@{package.version}", "--pack-destination", folder, "--silent"],  # noqa: S607
            check=True,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            contents = {name: _read(archive, f"package/{name}") for name in (*package.files, "package.json")}
    licence = json.loads(contents.pop("package.json"))["license"]
    contents = {Path(name).name: content for name, content in contents.items()}
    for name, content in contents.items():
        (target / name).write_bytes(content)
    note = {
        "package": package.name,
        "version": package.version,
        "licence": licence,
        "source": f"https://registry.npmjs.org/{package.name}/{package.version}",
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    }
    (target / NOTE).write_text(json.dumps(note, indent=2) + "\n")


def changed(package: Package) -> list[str]:
    """The files that are not as noted."""
    target = ROOT / package.folder
    noted = json.loads((target / NOTE).read_text())["sha256"]
    return [
        str(target / name)
        for name, digest in noted.items()
        if not (target / name).is_file() or hashlib.sha256((target / name).read_bytes()).hexdigest() != digest
    ]


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise FileNotFoundError(name)
    return file.read()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        wrong = [file for package in VENDORED for file in changed(package)]
        if wrong:
            sys.exit("not as noted: " + ", ".join(wrong))
        return
    for package in VENDORED:
        fetch(package)
        print(f"{package.name} {package.version} -> src/podium/{package.folder}")


if __name__ == "__main__":
    main()
