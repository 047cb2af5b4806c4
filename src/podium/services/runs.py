"""Runs: made, changed, tagged, deleted and restored. Points of metrics are in `metrics`, datasets in `datasets`."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain import names, run_names
from podium.domain.access import Actor
from podium.domain.events import Change
from podium.domain.ids import new_run_id
from podium.domain.nesting import check_nesting
from podium.domain.runs import LOGGED_MODELS_TAG, NAME_TAG, Run, RunRow, RunStatus, valid_param, valid_tag
from podium.domain.tracked_runs import NOTES_TAG
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.projects import project_for_run, require_active
from podium.store import run_data
from podium.store import runs as rows
from podium.store.transaction import Tx

_MODEL_FIELDS = ("artifact_path", "flavors", "utc_time_created", "run_id")
_SHOWN_MODEL_FIELDS = ("run_id", "artifact_path", "utc_time_created", "model_uuid")


class Runs:
    """What the actor may do with runs of its team. Deleted runs can be read; all but `restore` refuses them else."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(
        self, actor: Actor, project_id: str, *, name: str, user_id: str, start_time: int, tags: dict[str, str]
    ) -> Run:
        """A new run. Without a name it is named by its name tag, else by chance. Raises NotFound for the project."""
        _check_new_tags(tags)
        tagged = tags.get(NAME_TAG, "")
        if name and tagged and name != tagged:
            raise InvalidArgument(
                "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values "
                f"(run_name='{name}', mlflow.runName='{tagged}')."
            )
        name = name or tagged or run_names.random_run_name()
        names.check_label("run_name", name, names.MAX_RUN_TAG_VALUE)
        names.check_label("user_id", user_id, names.MAX_USER)
        run_id = new_run_id()

        def work(tx: Tx) -> Run:
            team = self._context.team_id(tx, actor)
            project = project_for_run(self._context, tx, actor, team, project_id)
            require_active(project)
            key = rows.insert_run(
                tx,
                run_id=run_id,
                project_id=project.id,
                name=name,
                user_id=user_id,
                status="RUNNING",
                start_time=start_time,
            )
            named = {**tags, NAME_TAG: name}
            run_data.upsert_tags(tx, key, named)
            info = RunRow(
                id=key,
                run_id=run_id,
                project_id=project.id,
                artifact_location=project.artifact_location,
                name=name,
                user_id=user_id,
                status="RUNNING",
                start_time=start_time,
                end_time=None,
                deleted_at=None,
            )
            return Run(info, tags=dict(sorted(named.items())))

        return await self._context.store.write(work, brief=True)

    async def get(self, actor: Actor, run_id: str) -> Run:
        """The run with this public id, deleted or not. Raises NotFound."""

        def work(tx: Tx) -> Run:
            run = require_run(tx, self._context.team_id(tx, actor), run_id)
            return run_data.load_runs(tx, [run.id])[0]

        return await self._context.store.read(work)

    async def update(
        self, actor: Actor, run_id: str, *, status: RunStatus | None, end_time: int | None, name: str | None
    ) -> RunRow:
        """The run after the change; None and an empty name leave what is there."""
        names.check_label("run_name", name or "", names.MAX_RUN_TAG_VALUE)

        def work(tx: Tx) -> RunRow:
            team = self._context.team_id(tx, actor)
            run = change_run(tx, team, run_id)
            changed = msgspec.structs.replace(
                run,
                name=name or run.name,
                status=status or run.status,
                end_time=run.end_time if end_time is None else end_time,
            )
            rows.update_state(tx, changed)
            if name:
                rows.update_name(tx, run.id, name)
                run_data.upsert_tags(tx, run.id, {NAME_TAG: name})
            return changed

        return await self._context.store.write(work, brief=True)

    async def delete(self, actor: Actor, run_id: str) -> None:
        """Mark a run deleted; `restore` brings it back. Nothing happens to one that is deleted."""
        await self._set_deleted(actor, run_id, deleted=True)

    async def restore(self, actor: Actor, run_id: str) -> None:
        """Bring a deleted run back. Nothing happens to an active one."""
        await self._set_deleted(actor, run_id, deleted=False)

    async def set_tag(self, actor: Actor, run_id: str, key: str, value: str) -> None:
        """Set a tag of an active run; the name tag renames it."""
        value = valid_tag(key, value)

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            write_tags(tx, run, {key: value})

        await self._context.store.write(work, brief=True)

    async def write_notes(self, actor: Actor, run_id: str, text: str) -> None:
        """Put notes in place of those before, which the audit trail keeps."""
        notes = valid_tag(NOTES_TAG, text)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            run = change_run(tx, team, run_id)
            before = run_data.find_tag(tx, run.id, NOTES_TAG) or ""
            if notes != before:
                write_tags(tx, run, {NOTES_TAG: notes})
                change = Change("run", run.run_id, run.name, "edit_notes", {"notes": before}, {"notes": notes})
                self._context.record(tx, actor, team, change, at=self._context.clock())

        await self._context.store.write(work, brief=True)

    async def delete_tag(self, actor: Actor, run_id: str, key: str) -> None:
        """Take a tag off. Raises NotFound when the run does not have it."""

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            if not run_data.delete_tag(tx, run.id, key):
                raise NotFound(f"No tag with name: {key} in run with id {run_id}")

        await self._context.store.write(work, brief=True)

    async def log_param(self, actor: Actor, run_id: str, key: str, value: str) -> None:
        """Log a param. Raises InvalidArgument when it is there with another value."""
        value = valid_param(key, value)

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            stored = run_data.add_params(tx, run.id, {key: value})[key]
            if stored != value:
                raise InvalidArgument(
                    f"Changing param values is not allowed. Param with key='{key}' was already logged with "
                    f"value='{stored}' for run ID='{run_id}'. Attempted logging new value '{value}'."
                )

        await self._context.store.write(work, brief=True)

    async def log_model(self, actor: Actor, run_id: str, model_json: str) -> None:
        """Add a model, told in the JSON of its `MLmodel` file, to the run's history of models."""
        shown = _shown_model(model_json)

        def work(tx: Tx) -> None:
            run = change_run(tx, self._context.team_id(tx, actor), run_id)
            history = _history(run_data.find_tag(tx, run.id, LOGGED_MODELS_TAG))
            if shown not in history:
                run_data.upsert_tags(tx, run.id, {LOGGED_MODELS_TAG: json.dumps([*history, shown])})

        await self._context.store.write(work, brief=True)

    async def _set_deleted(self, actor: Actor, run_id: str, *, deleted: bool) -> None:
        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            run = require_run(tx, team, run_id, lock=True)
            if (run.deleted_at is not None) == deleted:
                return
            at = self._context.clock()
            rows.update_deleted(tx, run.id, at if deleted else None)
            change = Change("run", run.run_id, run.name, "delete" if deleted else "restore")
            self._context.record(tx, actor, team, change, at=at)

        await self._context.store.write(work, brief=True)


def require_run(tx: Tx, team_id: int, run_id: str, *, lock: bool = False) -> RunRow:
    """The team's run with this public id, deleted or not; with `lock` it stays as it is until the transaction ends.

    Raises NotFound.
    """
    run = rows.find_run(tx, team_id, run_id, lock=lock)
    if run is None:
        raise NotFound(f"Run with id={run_id} not found")
    return run


def change_run(tx: Tx, team_id: int, run_id: str) -> RunRow:
    """The team's active run with this public id, for a change, which counts: nobody else changes it meanwhile.

    Raises NotFound, and InvalidArgument when the run is deleted.
    """
    run = rows.change_run(tx, team_id, run_id)
    if run is None:
        require_run(tx, team_id, run_id)
        raise InvalidArgument(f"The run {run_id} must be in the 'active' state. Current state is deleted.")
    return run


def write_tags(tx: Tx, run: RunRow, tags: Mapping[str, str]) -> None:
    """Set tags. The name tag and the run's name stay the same; an empty name changes neither."""
    name = tags.get(NAME_TAG)
    if name:
        rows.update_name(tx, run.id, name)
    run_data.upsert_tags(tx, run.id, {key: value for key, value in tags.items() if key != NAME_TAG or value})


def write_params(tx: Tx, run: RunRow, params: Mapping[str, str]) -> None:
    """Log params. Raises InvalidArgument, naming all that are there with other values."""
    if not params:
        return
    stored = run_data.add_params(tx, run.id, params)
    changed = [
        {"key": key, "old_value": stored[key], "new_value": value}
        for key, value in params.items()
        if stored[key] != value
    ]
    if changed:
        raise InvalidArgument(
            f"Changing param values is not allowed. Params were already logged='{changed}' for run ID='{run.run_id}'."
        )


def _check_new_tags(tags: Mapping[str, str]) -> None:
    """MLflow takes any key at a run's creation, so this asks for no more than the database does."""
    for key, value in tags.items():
        names.check_length("key", key, names.MAX_KEY)
        names.check_text("key", key)
        names.check_label("value", value, names.MAX_CUT_VALUE)


def _history(tag: str | None) -> list[Any]:
    """The models in the tag, which anyone may set to something else."""
    try:
        history = json.loads(tag or "[]")
    except (ValueError, RecursionError):
        return []
    return history if isinstance(history, list) else []


def _shown_model(model_json: str) -> dict[str, Any]:
    """What the history keeps of a model: where it is, and its flavors without their configurations."""
    check_nesting(model_json, "'model_json'")
    try:
        model = json.loads(model_json)
    except ValueError as error:
        raise InvalidArgument(f"Malformed model info. \n {model_json} \n is not a valid JSON.") from error
    if not isinstance(model, dict):
        raise InvalidArgument(f"Malformed model info. \n {model_json} \n is not a JSON object.")
    missing = {field for field in _MODEL_FIELDS if field not in model}
    if missing:
        raise InvalidArgument(f"Model json is missing mandatory fields: {missing}")
    shown = {field: model[field] for field in _SHOWN_MODEL_FIELDS if field in model}
    flavors = model["flavors"] if isinstance(model["flavors"], dict) else {}
    shown["flavors"] = {name: _without_config(flavor) for name, flavor in flavors.items()}
    return shown


def _without_config(flavor: Any) -> Any:
    if not isinstance(flavor, dict):
        return flavor
    return {key: value for key, value in flavor.items() if key != "config"}
