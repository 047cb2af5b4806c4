"""Versions, stages and aliases against a model of them in plain dictionaries; the past is asked for at the end."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from podium.domain.filters import And, Comparison, Exists, Field, FieldKind, Operator
from podium.domain.stages import ACTIVE_STAGES, STAGES
from podium.errors import NotFound
from podium.services.searching import Search
from podium.store.sqlite import SqliteStore
from support.registry import ACTOR, RegistryWorld, refused

NAME = Field(FieldKind.ATTRIBUTE, "name")
CHAMPION = Exists("aliases", Comparison(Field(FieldKind.ATTRIBUTE, "alias"), Operator.EQ, "champion"))
ALIASES = st.sampled_from(["champion", "challenger"])


class RegistryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._store = SqliteStore(folder / "podium.db")
        self._runner = asyncio.Runner()
        self._world = RegistryWorld(self._store, folder / "blobs")
        self._run(self._world.registry.create(ACTOR, "M", {}))
        self.name = "M"
        self.last = 0
        self.stages: dict[int, str] = {}
        self.aliases: dict[str, int] = {}
        self.deleted: dict[int, tuple[str, list[str]]] = {}
        self.past: list[tuple[int, str, dict[int, str], dict[str, int]]] = []

    def _run(self, work):
        return self._runner.run(work)

    def _pick(self, data, among):
        return data.draw(st.sampled_from(sorted(among)))

    def _found(self, *conditions):
        """What a search in this model finds: it is kept until something changes."""
        search = Search(And((Comparison(NAME, Operator.EQ, self.name), *conditions)))
        found = self._run(self._world.versions.search(ACTOR, search))
        return {(version.version, version.stage) for version in found.items}

    @rule()
    def create(self):
        self.last += 1
        assert self._run(self._world.new_version(self.name)).version == self.last
        self.stages[self.last] = "None"

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), stage=st.sampled_from(STAGES), archive=st.booleans())
    def move(self, data, stage, archive):
        version = self._pick(data, self.stages)
        archive = archive and stage in ACTIVE_STAGES
        self._run(self._world.promotion.transition_stage(ACTOR, self.name, version, stage, archive_existing=archive))
        if archive:
            self.stages = {number: "Archived" if old == stage else old for number, old in self.stages.items()}
        self.stages[version] = stage

    @precondition(lambda self: self.stages)
    @rule(data=st.data(), alias=ALIASES)
    def point(self, data, alias):
        version = self._pick(data, self.stages)
        expected = self.aliases.get(alias)
        self._run(self._world.promotion.set_alias(ACTOR, self.name, alias, version, expected_version=expected))
        self.aliases[alias] = version

    @rule(alias=ALIASES)
    def unpoint(self, alias):
        self._run(self._world.promotion.delete_alias(ACTOR, self.name, alias))
        self.aliases.pop(alias, None)

    @precondition(lambda self: self.stages)
    @rule(data=st.data())
    def delete(self, data):
        version = self._pick(data, self.stages)
        self._run(self._world.versions.delete(ACTOR, self.name, version))
        lost = [alias for alias, number in self.aliases.items() if number == version]
        self.deleted[version] = (self.stages.pop(version), lost)
        self.aliases = {alias: number for alias, number in self.aliases.items() if number != version}
        self._run(refused(self._world.versions.get(ACTOR, self.name, version), NotFound))

    @precondition(lambda self: self.deleted)
    @rule(data=st.data())
    def restore(self, data):
        version = self._pick(data, self.deleted)
        self._run(self._world.versions.restore(ACTOR, self.name, version))
        self.stages[version], lost = self.deleted.pop(version)
        for alias in lost:
            self.aliases.setdefault(alias, version)

    @rule()
    def rename(self):
        new = "N" if self.name == "M" else "M"
        self._run(self._world.registry.rename(ACTOR, self.name, new))
        self.name = new

    @rule()
    def delete_and_restore_the_model(self):
        key = self._run(self._world.registry.delete(ACTOR, self.name))
        self._run(self._world.registry.restore(ACTOR, key))

    @invariant()
    def agrees(self):
        model = self._run(self._world.registry.get(ACTOR, self.name))
        assert model.aliases == self.aliases
        newest = {stage: number for number, stage in sorted(self.stages.items())}
        assert {version.stage: version.version for version in model.latest} == newest
        for version in model.latest:
            assert list(version.aliases) == sorted(a for a, n in self.aliases.items() if n == version.version)
        assert self._found() == set(self.stages.items())
        champion = {self.aliases["champion"]} if "champion" in self.aliases else set()
        assert self._found(CHAMPION) == {(number, self.stages[number]) for number in champion}
        self.past.append((self._world.clock(), self.name, dict(self.stages), dict(self.aliases)))

    def teardown(self):
        for at, name, stages, aliases in self.past[:: max(1, len(self.past) // 5)]:
            for stage in STAGES:
                standing = self._run(self._world.history.version_at(ACTOR, name, at, stage=stage))
                assert [s.version for s in standing] == sorted(n for n, old in stages.items() if old == stage)
            for alias in ("champion", "challenger"):
                standing = self._run(self._world.history.version_at(ACTOR, name, at, alias=alias))
                assert [s.version for s in standing] == [n for a, n in aliases.items() if a == alias]
        self._runner.close()
        self._store.close()
        self._folder.cleanup()


RegistryMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestRegistryMachine = RegistryMachine.TestCase
