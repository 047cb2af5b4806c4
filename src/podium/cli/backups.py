"""`podium backup` and `podium restore`: they open the data themselves, as `gc` and `verify` do."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from podium.cli.data import (
    ArtifactStore,
    Config,
    Data,
    DatabaseUrl,
    as_json_asked,
    check_database,
    print_problem,
    settings_of,
    with_services,
)
from podium.cli.output import size

if TYPE_CHECKING:  # `podium --help` does not wait for what only the commands need
    from podium.services import Services
    from podium.services.backup_folder import BackupFolder, StoredBackup
    from podium.services.backups import Made
    from podium.settings import Settings

_TOLD = ("runs", "registered_models", "model_versions", "events")


def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="Folder of the backups. Each one adds what is new.")],
    keep: Annotated[int | None, typer.Option(min=1, help="Then remove all but the newest so many.")] = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    artifact_store: ArtifactStore = None,
    config: Config = None,
) -> None:
    """Back up everything of one moment: rows, bytes, the key of secrets. The server may run and be written to.

    Exits with 1 when the data had lost bytes already; all that is left is in the backup then.
    """
    from podium.services.backup_folder import BackupFolder
    from podium.services.backups import keep_newest

    settings = settings_of(data, database_url, artifact_store, config)
    check_database(settings)
    folder = BackupFolder(target)
    made = _make(settings, folder)
    removed = asyncio.run(keep_newest(folder, keep)) if keep is not None else []
    if as_json_asked(context):
        added = {"new_blobs": made.new_blobs, "new_bytes": made.new_bytes, "removed": removed}
        print(_as_json(made.backup, added))
    else:
        _print_made(made, removed)
    for digest in made.backup.manifest.blobs.missing:
        print(f"podium: The data has lost the bytes with the SHA-256 {digest}.", file=sys.stderr)
    if made.backup.manifest.blobs.missing:
        raise typer.Exit(1)


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="Folder of the backups.")],
    name: Annotated[
        str | None, typer.Option("--backup", help="Which one, by its name. \\[default: the newest]")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only read the backup, and say whether it is whole.")] = False,
    data: Data = None,
    database_url: DatabaseUrl = None,
    artifact_store: ArtifactStore = None,
    config: Config = None,
) -> None:
    """Restore a backup into an empty data folder, and an empty PostgreSQL database if one is named.

    It is all there when the command ends well; before, no server starts there. Run again, it goes on.
    """
    from podium.cli.transfers import progress_bar
    from podium.services.backup_folder import BackupFolder
    from podium.services.restores import check_backup

    folder = BackupFolder(source)
    chosen = folder.find(name)
    if check:
        asyncio.run(check_backup(folder, chosen, progress_bar))
    else:
        _restore(folder, chosen, settings_of(data, database_url, artifact_store, config), as_json_asked(context))
    if as_json_asked(context):
        print(_as_json(chosen, {}))
    else:
        print(f"{'Whole' if check else 'Restored'}: {chosen.folder.name}, {_contents(chosen)}.")


def _make(settings: "Settings", folder: "BackupFolder") -> "Made":
    from podium.app import open_blobs
    from podium.cli.transfers import progress_bar
    from podium.services.backups import Origin, make_backup

    blobs = open_blobs(settings)
    try:
        origin = Origin(settings.database_url, settings.data_folder, blobs)
        return asyncio.run(make_backup(origin, folder, progress_bar))
    finally:
        blobs.close()


def _restore(folder: "BackupFolder", chosen: "StoredBackup", settings: "Settings", as_json: bool) -> None:
    from podium.app import open_blobs
    from podium.cli.transfers import progress_bar
    from podium.services.restores import Destination, restore_backup

    destination = Destination(settings.data_folder, settings.database_url, lambda: open_blobs(settings))
    asyncio.run(restore_backup(folder, chosen, destination, progress_bar))
    if with_services(lambda services: _tell_problems(services, as_json=as_json), settings):
        print("podium: Restored as it was backed up, with the problems above.", file=sys.stderr)
        raise typer.Exit(1)


async def _tell_problems(services: "Services", *, as_json: bool) -> int:
    """What was wrong already when the backup was made: it is restored all the same."""
    count = 0
    async for problem in services.verification.problems(quick=True):
        count += 1
        print_problem(problem, as_json=as_json)
    return count


def _print_made(made: "Made", removed: list[str]) -> None:
    print(f"Backed up to {made.backup.folder}: {_contents(made.backup)}.")
    print(f"New were {made.new_blobs} blobs, {size(made.new_bytes)}.")
    if removed:
        print(f"Removed {len(removed)} older backups.")


def _as_json(backup: "StoredBackup", more: dict[str, Any]) -> str:
    told = {"backup": backup.folder.name, "folder": str(backup.folder), **more, "manifest": backup.manifest}
    return msgspec.json.encode(told).decode()


def _contents(backup: "StoredBackup") -> str:
    manifest = backup.manifest
    rows = ", ".join(f"{manifest.rows.get(table, 0)} {table.replace('_', ' ')}" for table in _TOLD)
    return f"{rows}, {manifest.blobs.count} blobs of {size(manifest.blobs.size_bytes)}"
