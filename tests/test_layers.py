"""The import rules of docs/architecture.md: calls go one way, adapters do not know each other."""

import ast
from pathlib import Path

import podium

ROOT = Path(podium.__file__).parent

# What each package may import of Podium. `app` is the composition root and may import everything; nothing imports it
# but the command line.
ALLOWED = {
    "errors": set(),
    "settings": {"errors"},
    "logs": set(),
    "domain": {"domain", "errors"},
    "store": {"store", "domain", "errors"},
    "blobs": {"blobs", "domain", "errors"},
    "services": {"services", "store", "blobs", "domain", "errors", "settings"},
    "worker": {"worker", "services", "domain", "errors"},
    "asgi": {"asgi", "services", "domain", "errors"},
    "protocols.mlflow": {"protocols.mlflow", "asgi", "services", "domain", "errors"},
    "protocols.wandb": {"protocols.wandb", "asgi", "services", "domain", "errors"},
    "protocols.native": {"protocols.native", "asgi", "services", "domain", "errors"},
    "protocols.pages": {"protocols.pages", "asgi", "services", "domain", "errors"},
    "cli": {"cli", "app", "logs", "settings", "services", "domain", "errors"},
}


def package_of(module: str) -> str | None:
    """`podium.protocols.mlflow.wire` -> `protocols.mlflow`; None for what is not Podium's."""
    parts = module.split(".")
    if parts[0] != "podium" or len(parts) == 1:
        return None
    return ".".join(parts[1:3]) if parts[1] == "protocols" else parts[1]


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_imports_point_one_way():
    wrong = []
    for file in sorted(ROOT.rglob("*.py")):
        module = ".".join(("podium", *file.relative_to(ROOT).with_suffix("").parts))
        package = package_of(module)
        if package in (None, "app", "__main__", "__init__") or module.endswith("protocols.__init__"):
            continue
        for imported in sorted(imports_of(file)):
            target = package_of(imported)
            if target is not None and target not in ALLOWED[package]:
                wrong.append(f"{module} imports {imported}")
    assert wrong == []


def test_store_and_blobs_do_not_know_each_other():
    for package, other in (("store", "blobs"), ("blobs", "store")):
        for file in (ROOT / package).rglob("*.py"):
            assert not any(package_of(name) == other for name in imports_of(file)), file


def test_actors_are_made_where_it_is_known_who_asks():
    """An actor without an account is anybody on an open server: whoever made one elsewhere would take off all limits.
    For another team there is `Actor.at`, for what a signature grants `by_grant`.
    """
    makers = {"asgi/actor.py", "domain/access.py", "protocols/wandb/graph/caller.py", "protocols/mlflow/endpoint.py"}
    background = {"services/retention.py"}
    calls = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Actor"
    }
    assert calls == makers | background
