"""Promotion: which version stands in a stage, and which an alias points to. Asking for what is so already is fine.

A caller may say what it expects to replace; when that has changed meanwhile, nothing is done and Conflict is raised.
"""

import msgspec
from msgspec import UNSET, UnsetType

from podium.domain.access import Actor
from podium.domain.aliases import check_alias, check_settable_alias
from podium.domain.registry import ModelVersion, check_model_name, parse_version
from podium.domain.stages import Stage, check_archiving, parse_stage
from podium.errors import Conflict
from podium.services.context import Context
from podium.services.registry_changes import Recorder, lock_alias, lock_model, lock_version, require_aliased
from podium.store import aliases as alias_rows
from podium.store import registry as model_rows
from podium.store import versions as version_rows
from podium.store.registry import ModelKey
from podium.store.transaction import Tx


class Promotion:
    """Moves versions between stages, and aliases between versions."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._events = Recorder(context)

    async def transition_stage(
        self,
        actor: Actor,
        name: str,
        version: str | int,
        stage: str,
        *,
        archive_existing: bool = False,
        expected_stage: str | None = None,
    ) -> ModelVersion:
        """Move a version to a stage and return it; `archive_existing` archives those that stand there.

        Raises Conflict when the version is not in `expected_stage`, if given.
        """
        check_model_name(name)
        if archive_existing:
            check_archiving(stage)
        target = parse_stage(stage)
        expected = None if expected_stage is None else parse_stage(expected_stage)
        number = parse_version(version)

        def work(tx: Tx) -> ModelVersion:
            team = self._context.team_id(tx, actor)
            model, found = lock_version(tx, team, name, number)
            if expected is not None and found.stage != expected:
                raise Conflict(
                    f"Model Version (name={name}, version={number}) is in stage {found.stage}, not in {expected}."
                )
            at = self._context.clock()
            moved = False
            if archive_existing:
                moved = self._archive_others(tx, actor, team, model, number, target, at)
            if found.stage != target:
                version_rows.update_stage(tx, [found.id], target, at)
                before, after = {"stage": found.stage}, {"stage": target}
                self._events.version(tx, actor, team, model, number, "transition_stage", before, after, at=at)
                moved = True
            if not moved:
                return found
            model_rows.update_time(tx, model.id, at)
            return msgspec.structs.replace(found, stage=target, updated_at=at) if found.stage != target else found

        return await self._context.store.write(work, brief=True)

    async def set_alias(
        self,
        actor: Actor,
        name: str,
        alias: str,
        version: str | int,
        *,
        expected_version: int | UnsetType | None = UNSET,
    ) -> None:
        """Point an alias to a version, wherever it pointed before.

        Raises Conflict when it does not point to `expected_version`, if given; None expects that nothing has it.
        """
        check_model_name(name)
        check_settable_alias(alias)
        number = parse_version(version)
        await self._context.store.write(
            lambda tx: self.set_alias_in(tx, actor, name, alias, number, expected_version), brief=True
        )

    def set_alias_in(
        self, tx: Tx, actor: Actor, name: str, alias: str, number: int, expected: int | UnsetType | None = UNSET
    ) -> None:
        """As `set_alias`, within a transaction, of what is known to be valid."""
        team = self._context.team_id(tx, actor)
        model, key, old = lock_alias(tx, team, name, number, alias)
        _check_expected(model, alias, old, expected)
        if old == number:
            return
        alias_rows.upsert_alias(tx, model.id, alias, key)
        model_rows.count_change(tx, model.id)
        before = None if old is None else {"alias": alias, "version": old}
        after = {"alias": alias, "version": number}
        self._events.version(tx, actor, team, model, number, "set_alias", before, after, at=self._context.clock())

    async def delete_alias(
        self, actor: Actor, name: str, alias: str, *, expected_version: int | UnsetType | None = UNSET
    ) -> None:
        """Take an alias off; one that is not there is fine. Raises Conflict as `set_alias` does."""
        check_model_name(name)
        check_alias(alias)

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            model = lock_model(tx, team, name)
            pointed = alias_rows.find_alias(tx, model.id, alias)
            old = None if pointed is None else pointed[1]
            _check_expected(model, alias, old, expected_version)
            if old is None:
                return
            alias_rows.delete_alias(tx, model.id, alias)
            model_rows.count_change(tx, model.id)
            before = {"alias": alias, "version": old}
            self._events.version(tx, actor, team, model, old, "delete_alias", before, at=self._context.clock())

        await self._context.store.write(work, brief=True)

    async def get_by_alias(self, actor: Actor, name: str, alias: str) -> ModelVersion:
        """The version that an alias points to; `latest` is the newest. Raises NotFound for the model.

        An alias that nothing has is an InvalidArgument, as MLflow's client expects.
        """
        check_model_name(name)
        check_alias(alias)

        return await self._context.store.read(
            lambda tx: require_aliased(tx, self._context.team_id(tx, actor), name, alias)
        )

    def _archive_others(
        self, tx: Tx, actor: Actor, team: int, model: ModelKey, kept: int, stage: Stage, at: int
    ) -> bool:
        others = [pair for pair in version_rows.select_in_stage(tx, model.id, stage) if pair[1] != kept]
        tx.expect(len(others))
        version_rows.update_stage(tx, [key for key, _ in others], "Archived", at)
        for _, number in others:
            before, after = {"stage": stage}, {"stage": "Archived"}
            self._events.version(tx, actor, team, model, number, "transition_stage", before, after, at=at)
        return bool(others)


def _check_expected(model: ModelKey, alias: str, version: int | None, expected: int | UnsetType | None) -> None:
    """Raises Conflict when an alias points to another version than the caller expects."""
    if expected is not UNSET and version != expected:
        shown = "no version" if version is None else f"version {version}"
        wanted = "no version" if expected is None else f"version {expected}"
        raise Conflict(f"Alias '{alias}' of model {model.name} points to {shown}, not to {wanted}.")
