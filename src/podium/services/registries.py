"""Registries: made, changed and found, with what they hold."""

from collections.abc import Sequence

import msgspec

from podium.domain import artifact_collections, names
from podium.domain.access import Actor
from podium.domain.artifact_collections import Collection, Membership
from podium.domain.events import Change
from podium.domain.filters import And, Node
from podium.domain.registries import Access, Registry
from podium.services.artifact_access import load_memberships
from podium.services.context import Context
from podium.services.model_sync import ModelSync
from podium.services.projects import require_active
from podium.services.registry_projects import ensure_registry
from podium.services.registry_roles import limited_view, require_role, role_in
from podium.services.searching import Counted, Found, Search, find_counted, find_page
from podium.store import artifact_collections as collection_rows
from podium.store import projects, registry_contents
from podium.store import registries as rows
from podium.store.registries import DESCRIPTION_TAG
from podium.store.registry_contents import Scope
from podium.store.transaction import Tx


class RegistryEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What to set of a registry; None leaves what is there. `types` are added."""

    description: str | None = None
    access: Access | None = None
    allows_all_types: bool | None = None
    types: Sequence[str] = ()


class Wanted(msgspec.Struct, frozen=True):
    """Which registries, and which collections in them."""

    registries: Node = And()
    collections: Node = And()
    kinds: tuple[str, ...] = ("portfolio",)


class Registries:
    """What the actor may do with the registries of its team, which is that of an organization."""

    def __init__(self, context: Context, sync: ModelSync) -> None:
        self._context, self._sync = context, sync

    async def search(self, actor: Actor, search: Search) -> Found[Registry]:
        """A page of registries."""
        await self._sync.refresh(actor)

        def work(tx: Tx) -> Found[Registry]:
            team = self._context.team_id(tx, actor)
            user = limited_view(actor, team)
            page = find_page(
                search, f"registries {team} {user}", lambda query: rows.search_registries(tx, team, user, query)
            )
            return Found(rows.load_registries(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)

    async def find(self, actor: Actor, project_id: int) -> Registry | None:
        """The registry that a project of the actor's team is; None when it is none, or none that the actor may see."""

        def work(tx: Tx) -> Registry | None:
            team = self._context.team_id(tx, actor)
            if role_in(tx, actor, team, project_id) is None:
                return None
            found = rows.load_registries(tx, [project_id])
            return found[0] if found else None

        return await self._context.store.read(work)

    async def upsert(self, actor: Actor, name: str, edit: RegistryEdit) -> tuple[Registry, bool]:
        """The registry after the change, and whether it was made. Who makes one administers it."""
        for type_name in edit.types:
            artifact_collections.check_type_name(type_name)
        names.check_text("description", edit.description or "")

        def work(tx: Tx) -> tuple[Registry, bool]:
            team = self._context.team_id(tx, actor)
            project, made = ensure_registry(self._context, tx, actor, team, name, allows_all_types=not edit.types)
            if made and actor.account is not None and actor.account.id is not None:
                rows.add_users(tx, project.id, [actor.account.id], "admin")
            require_role(tx, actor, team, project.id, "admin")
            require_active(project)
            at = self._context.clock()
            self._write(tx, project.id, edit, at)
            told = {key: value for key, value in msgspec.structs.asdict(edit).items() if value is not None}
            change = Change("registry", str(project.id), name, "create" if made else "update", None, told)
            self._context.record(tx, actor, team, change, at=at)
            return rows.load_registries(tx, [project.id])[0], made

        return await self._context.store.write(work)

    def _write(self, tx: Tx, key: int, edit: RegistryEdit, at: int) -> None:
        old = rows.find_registry(tx, key)
        assert old is not None, "the caller found it, or made it"
        access = old.access if edit.access is None else edit.access
        all_types = old.allows_all_types if edit.allows_all_types is None else edit.allows_all_types
        rows.update_registry(tx, rows.RegistryRow(key, access, all_types))
        for type_name in edit.types:
            collection_rows.ensure_type(tx, key, type_name, at)
        if edit.description is not None:
            projects.upsert_tag(tx, key, DESCRIPTION_TAG, edit.description)

    async def collections(self, actor: Actor, wanted: Wanted, search: Search) -> Counted[Collection]:
        """A page of what registries hold. Its token is good for other registries too: W&B's clients use it so."""
        await self._sync.refresh(actor)

        def work(tx: Tx) -> Counted[Collection]:
            scope = self._scope(tx, actor, wanted)
            return find_counted(
                search,
                "registry_collections",
                lambda query: registry_contents.search_collections(tx, scope, query),
                lambda keys: collection_rows.load_collections(tx, keys),
                lambda condition: registry_contents.count_collections(tx, scope, condition),
                any_condition=True,
            )

        return await self._context.store.read(work)

    async def versions(self, actor: Actor, wanted: Wanted, search: Search) -> Counted[Membership]:
        """A page of the versions in what registries hold, as `collections` has them."""
        await self._sync.refresh(actor)

        def work(tx: Tx) -> Counted[Membership]:
            scope = self._scope(tx, actor, wanted)
            return find_counted(
                search,
                "registry_versions",
                lambda query: registry_contents.search_versions(tx, scope, query),
                lambda keys: load_memberships(self._context, tx, actor, keys),
                lambda condition: registry_contents.count_versions(tx, scope, condition),
                any_condition=True,
            )

        return await self._context.store.read(work)

    def _scope(self, tx: Tx, actor: Actor, wanted: Wanted) -> Scope:
        team = self._context.team_id(tx, actor)
        return Scope(team, limited_view(actor, team), wanted.registries, wanted.collections, wanted.kinds)
