"""From a source to what is registered: may the caller name it, where does it lead, which files lie there."""

import msgspec

from podium.domain import sources
from podium.domain.manifests import Manifest
from podium.domain.registry import PROMPT_SOURCES, ModelVersion, NewVersion, is_prompt
from podium.domain.sources import (
    LocalSource,
    LoggedModelSource,
    ProxiedSource,
    RegisteredSource,
    RunSource,
    Source,
    raise_not_within,
)
from podium.domain.stages import parse_stage
from podium.errors import InvalidArgument, NotFound
from podium.services.registry_changes import newest, require_model, require_version
from podium.store import aliases, artifacts, manifests
from podium.store import sources as rows
from podium.store.sources import SourceModel
from podium.store.transaction import Tx


class Origin(msgspec.Struct, frozen=True):
    """What a new version is made of. `manifest_id` is None when no file of the source is on this server."""

    source: str
    location: str
    run_id: str | None
    logged_model_id: str | None
    manifest_id: int | None


def trace_origin(tx: Tx, team_id: int, new: NewVersion, at: int) -> Origin:
    """Resolve the source of a new version and take the snapshot of its files.

    Raises InvalidArgument, in MLflow's words, for a source that is not part of the run or logged model named with it,
    and NotFound for a logged model or version that is not there.
    """
    if is_prompt(new.tags):
        return _of_prompt(new)
    source = sources.parse_source(new.source)
    if isinstance(source, RegisteredSource):
        return _of_version(tx, team_id, new, source)
    if new.logged_model_id:
        model = _check_logged_model(tx, team_id, new, source)
        location = model.artifact_location if isinstance(source, LoggedModelSource) else new.source
        manifest = _snapshot(tx, team_id, location, at)
        return Origin(new.source, location, new.run_id or model.source_run_id, new.logged_model_id, manifest)
    _check_run(tx, team_id, new, source)
    manifest = _snapshot_of_run(tx, team_id, new, source, at)
    return Origin(new.source, new.source, new.run_id, None, manifest)


def _of_prompt(new: NewVersion) -> Origin:
    if new.source not in PROMPT_SOURCES:
        raise InvalidArgument(f"Invalid prompt source: '{new.source}'. Prompt sources must use an MLflow placeholder.")
    return Origin(new.source, new.source, new.run_id, new.logged_model_id, None)


def _of_version(tx: Tx, team_id: int, new: NewVersion, source: RegisteredSource) -> Origin:
    """A copy holds the very snapshot of the version it is made of."""
    origin = _find_registered(tx, team_id, new.source, source)
    for given, there in ((new.run_id, origin.run_id), (new.logged_model_id, origin.logged_model_id)):
        if given is not None and given != (there or ""):
            raise InvalidArgument(
                f"Invalid model version source: '{new.source}'. The run_id and model_id request "
                "parameters must match the referenced model version."
            )
    return Origin(
        source=f"models:/{origin.name}/{origin.version}",
        location=origin.location,
        run_id=origin.run_id,
        logged_model_id=origin.logged_model_id,
        manifest_id=origin.manifest_id,
    )


def _find_registered(tx: Tx, team_id: int, given: str, source: RegisteredSource) -> ModelVersion:
    model = require_model(tx, team_id, source.name)
    if model.is_prompt:
        raise InvalidArgument(
            f"Invalid model version source: '{given}'. Prompt versions cannot be used as model version sources."
        )
    if source.version is not None:
        return require_version(tx, team_id, source.name, source.version)
    if source.alias is not None:
        found = aliases.find_alias(tx, model.id, source.alias)
        if found is None:
            raise InvalidArgument(f"Registered model alias {source.alias} not found.")
        return require_version(tx, team_id, source.name, found[1])
    if source.stage is None:
        return newest(model)
    stage = parse_stage(source.stage)
    for version in model.latest:
        if version.stage == stage:
            return version
    raise NotFound(f"No versions of model with name '{source.name}' and stage '{source.stage}' found")


def _check_logged_model(tx: Tx, team_id: int, new: NewVersion, source: Source) -> SourceModel:
    assert new.logged_model_id, "asked only with a logged model"
    if isinstance(source, RunSource) or (
        isinstance(source, LoggedModelSource) and source.model_id != new.logged_model_id
    ):
        raise_not_within(new.source, "model_id")
    model = rows.find_logged_model(tx, team_id, new.logged_model_id)
    if isinstance(source, LocalSource | ProxiedSource):
        if model is None:
            raise_not_within(new.source, "model_id")
        _check_within(new.source, source, "model_id", model.artifact_location)
    if model is None:
        raise NotFound(f"Logged model with ID '{new.logged_model_id}' not found.")
    return model


def _check_run(tx: Tx, team_id: int, new: NewVersion, source: Source) -> None:
    if isinstance(source, LoggedModelSource):
        raise_not_within(new.source, "model_id")
    if isinstance(source, RunSource) and source.run_id != new.run_id:
        raise_not_within(new.source, "run_id")
    if isinstance(source, LocalSource | ProxiedSource):
        root = rows.find_run_root(tx, team_id, new.run_id) if new.run_id else None
        if new.run_id and root is None:
            raise_not_within(new.source, "run_id")
        _check_within(new.source, source, "run_id", root)


def _check_within(given: str, source: LocalSource | ProxiedSource, owner: sources.Owner, root: str | None) -> None:
    if isinstance(source, LocalSource):
        sources.check_local_within(given, source.path, owner, root)
    elif root is None or not sources.is_within(given, root):
        raise_not_within(given, owner)


def _snapshot_of_run(tx: Tx, team_id: int, new: NewVersion, source: Source, at: int) -> int | None:
    """`runs:/<run>/<name>` means a folder of the run, or else the logged model of that name that the run made."""
    if not isinstance(source, RunSource):
        return _snapshot(tx, team_id, new.source, at)
    root = rows.find_run_root(tx, team_id, source.run_id)
    if root is None:
        return None
    found = _snapshot(tx, team_id, f"{root}/{source.path}", at)
    if found is not None:
        return found
    model = rows.find_logged_model_of_run(tx, team_id, source.run_id, source.path)
    return None if model is None else _snapshot(tx, team_id, model.artifact_location, at)


def _snapshot(tx: Tx, team_id: int, location: str, at: int) -> int | None:
    """The manifest of the files below `location`, None when it is outside this server or has no file.

    A source that is one file makes a manifest of that file under its own name.
    """
    folder = sources.folder_of(location)
    if not folder:
        return None
    entries = artifacts.keep_files(tx, team_id, folder)
    return manifests.insert_manifest(tx, Manifest.of(entries), at) if entries else None
