"""Commands that tend the data itself, without a server: `podium gc` and `podium verify`."""

import asyncio
import re
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from podium.cli.session import Session
from podium.errors import InvalidArgument
from podium.settings import DEFAULT_FILE, Settings, load_settings

if TYPE_CHECKING:  # `podium --help` does not wait for what only the commands need
    from podium.services import Services
    from podium.services.retention import Collected
    from podium.services.verification import Problem

T = TypeVar("T")

_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

Data = Annotated[str | None, typer.Option(help="Folder of the database and the blobs. \\[default: data]")]
DatabaseUrl = Annotated[str | None, typer.Option(help="postgresql://… \\[default: SQLite in the data folder]")]
ArtifactStore = Annotated[str | None, typer.Option(help="As the server's. \\[default: DATA/blobs]")]
Config = Annotated[Path | None, typer.Option(help="TOML file. \\[default: podium.toml, if it is there]")]


def collect_garbage(
    context: typer.Context,
    older_than: Annotated[str, typer.Option(help="Grace period: 30d, 12h, 0.")] = "30d",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    artifact_store: ArtifactStore = None,
    config: Config = None,
) -> None:
    """Remove for good what was deleted before the grace period, and the bytes that nothing needs any more.

    It may run beside a server, and can be interrupted and started again.
    """
    grace_ms = duration_ms(older_than)

    async def work(services: "Services") -> "Collected":
        retention = services.retention
        return await (retention.preview(grace_ms) if dry_run else retention.collect(grace_ms))

    done = with_services(work, settings_of(data, database_url, artifact_store, config))
    if as_json_asked(context):
        print(msgspec.json.encode(done).decode())
        return
    print("Would be removed:" if dry_run else "Removed:")
    for name, count in msgspec.structs.asdict(done).items():
        print(f"  {name.replace('_', ' '):<13} {count}")


def verify(
    context: typer.Context,
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes, and do not read the bytes.")] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    artifact_store: ArtifactStore = None,
    config: Config = None,
) -> None:
    """Check rows, manifests, the audit trail, and that all bytes are there and right; exit with 1 if not.

    It may run beside a server, and changes nothing.
    """
    from podium.cli.transfers import progress_bar

    as_json = as_json_asked(context)

    async def work(services: "Services") -> int:
        count = 0
        async for problem in services.verification.problems(quick=quick, bar=progress_bar):
            count += 1
            print_problem(problem, as_json=as_json)
        return count

    count = with_services(work, settings_of(data, database_url, artifact_store, config))
    if count:
        print(f"podium: {count} problems found.", file=sys.stderr)
        raise typer.Exit(1)
    if not as_json:
        print("Everything fits.")


def print_problem(problem: "Problem", *, as_json: bool) -> None:
    """One line for one thing that does not fit."""
    if as_json:
        print(msgspec.json.encode(problem).decode())
    else:
        print(f"{problem.part} {problem.subject}: {problem.message}")


def duration_ms(text: str) -> int:
    """Milliseconds of `30d`, `12h`, `5m`, `10s` or `0`. Raises InvalidArgument."""
    match = re.fullmatch(r"(\d{1,9})([smhd])|0", text)
    if match is None:
        raise InvalidArgument(f"'{text}' is no duration: write 30d, 12h, 5m, 10s or 0.")
    return int(match[1]) * _UNIT_MS[match[2]] if match[2] else 0


def settings_of(
    data: str | None, database_url: str | None, artifact_store: str | None, config: Path | None
) -> Settings:
    """The settings as `podium server` would have them."""
    if config is None and Path(DEFAULT_FILE).is_file():
        config = Path(DEFAULT_FILE)
    return load_settings({"data": data, "database_url": database_url, "artifact_store": artifact_store}, config)


def check_database(settings: Settings) -> None:
    """Raises InvalidArgument where a database would be made anew."""
    if not settings.database_url and not (settings.data_folder / "podium.db").is_file():
        raise InvalidArgument(f"There is no database in {settings.data_folder}: name the data folder with --data.")


def with_services(work: Callable[["Services"], Coroutine[Any, Any, T]], settings: Settings) -> T:
    """The result of `work` on the data that the settings name. Raises InvalidArgument when there is none."""
    from podium.app import Podium

    check_database(settings)
    podium = Podium(settings)
    try:
        return asyncio.run(work(podium.services))
    finally:
        podium.close()


def as_json_asked(context: typer.Context) -> bool:
    """Whether `--json` was given."""
    return isinstance(context.obj, Session) and context.obj.as_json
