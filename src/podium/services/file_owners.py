"""Whose files are meant: those of a run, of a logged model, or of a registered version; and where they are."""

import msgspec

from podium.domain.locations import SCHEME, run_location, version_folder
from podium.errors import NotFound
from podium.store import artifacts as rows
from podium.store.transaction import Tx


class OfRun(msgspec.Struct, frozen=True):
    """The artifacts of the run with this id."""

    run_id: str


class OfLoggedModel(msgspec.Struct, frozen=True):
    """The artifacts of the logged model with this id."""

    model_id: str


class OfVersion(msgspec.Struct, frozen=True):
    """The files of a version of the registered model of this name."""

    name: str
    version: str


Owner = OfRun | OfLoggedModel | OfVersion


def root_uri(tx: Tx, team_id: int, owner: Owner) -> str:
    """The artifact URI of the owner's files. Raises NotFound when the team has no such owner."""
    match owner:
        case OfRun(run_id):
            location = rows.find_run_location(tx, team_id, run_id)
            if location is None:
                raise NotFound(f"Run with id={run_id} not found")
            return run_location(location, run_id)
        case OfLoggedModel(model_id):
            location = rows.find_logged_model_location(tx, team_id, model_id)
            if location is None:
                raise NotFound(f"Logged model with ID '{model_id}' not found.")
            return location
        case OfVersion(name, version):
            return _version_uri(tx, team_id, name, version)


def _version_uri(tx: Tx, team_id: int, name: str, version: str) -> str:
    number = int(version) if version.isascii() and version.isdecimal() and len(version) <= 18 else -1
    found = rows.find_version_location(tx, team_id, name, number)
    if found is None:
        raise NotFound(f"Model Version (name={name}, version={version}) not found")
    key, manifest, location = found
    return location if manifest is None else f"{SCHEME}:/{version_folder(key)}"
