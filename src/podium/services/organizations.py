"""Organizations: users and teams that belong together, with a team of their own for what they have in common."""

from podium.domain.access import (
    DEFAULT_TEAM,
    DEFAULT_TEAM_ID,
    Actor,
    knows_organization,
    may_manage_organization,
    may_read,
)
from podium.domain.accounts import Organization, check_organization_name, entity_names
from podium.domain.events import Change, State
from podium.domain.teams import Team
from podium.errors import AlreadyExists, NotFound, PermissionDenied
from podium.services.context import Context
from podium.services.users import require_user
from podium.store import organizations as rows
from podium.store import teams
from podium.store.transaction import Tx

# What everybody belongs to on a server without accounts.
OPEN = Organization(0, DEFAULT_TEAM, DEFAULT_TEAM_ID, DEFAULT_TEAM, 0)


class Organizations:
    """What can be done with organizations. Who belongs to none of them does not learn that they exist."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_all(self, actor: Actor) -> list[Organization]:
        """Those that the actor belongs to, by name; all of them for administrators."""

        def work(tx: Tx) -> list[Organization]:
            known = [found for found in rows.list_organizations(tx) if knows_organization(actor, found.id)]
            return known or ([OPEN] if actor.account is None else [])

        return await self._context.store.read(work)

    async def list_of_user(self, actor: Actor, user: str) -> list[Organization]:
        """Those that a user belongs to and the actor may know."""

        def work(tx: Tx) -> list[Organization]:
            found = rows.list_organizations_of(tx, require_user(tx, user).id)
            return [organization for organization in found if knows_organization(actor, organization.id)]

        return await self._context.store.read(work)

    async def get(self, actor: Actor, name: str) -> Organization:
        """The organization of this name, or whose own team is called so. Raises NotFound."""
        return await self._context.store.read(lambda tx: require_organization(tx, actor, name))

    async def of_team(self, actor: Actor, team: Team) -> Organization | None:
        """The organization that a team belongs to, for its members and those of the team."""
        key = team.organization_id
        if key is None and actor.account is None:
            return OPEN
        if key is None or not (knows_organization(actor, key) or may_read(actor, team.id)):
            return None
        return await self._context.store.read(lambda tx: rows.find_organization_by_id(tx, key))

    async def create(self, actor: Actor, name: str, owner: str | None = None) -> Organization:
        """The new organization, which its owner administers. Raises AlreadyExists."""
        check_organization_name(name)
        self._context.require_admin(actor)

        def work(tx: Tx) -> Organization:
            at = self._context.clock()
            key = rows.insert_organization(tx, name, at)
            if key is None:
                raise AlreadyExists(f"There is an organization '{name}' already.")
            plain, other = entity_names(name)
            if teams.insert_team(tx, plain, None, None, at, kind="organization", organization_id=key) is None:
                teams.insert_team(tx, other, None, None, at, kind="organization", organization_id=key)
            if owner is not None:
                rows.set_member(tx, key, require_user(tx, owner).id, "admin", at)
            made = require_organization(tx, actor, name)
            self._record(tx, actor, made, "create", after={"name": name, "owner": owner}, at=at)
            return made

        return await self._context.write_accounts(work)

    async def rename(self, actor: Actor, name: str, new_name: str) -> Organization:
        """Call it otherwise; its own team keeps its name, and everybody their access. Raises AlreadyExists."""
        check_organization_name(new_name)

        def work(tx: Tx) -> Organization:
            found = require_managed(tx, actor, name)
            at = self._context.clock()
            if not rows.rename_organization(tx, found.id, new_name, at):
                raise AlreadyExists(f"There is an organization '{new_name}' already.")
            self._record(tx, actor, found, "rename", {"name": found.name}, {"name": new_name}, at=at)
            return require_organization(tx, actor, new_name)

        return await self._context.write_accounts(work)

    async def delete(self, actor: Actor, name: str) -> None:
        """Delete an organization with its teams and what they have, until garbage collection removes that."""

        def work(tx: Tx) -> None:
            found = require_managed(tx, actor, name)
            at = self._context.clock()
            rows.mark_deleted(tx, found.id, at)
            self._record(tx, actor, found, "delete", {"name": found.name}, at=at)

        await self._context.write_accounts(work)

    async def list_teams(self, actor: Actor, name: str) -> list[Team]:
        """The teams of an organization, by name."""
        return await self._context.store.read(
            lambda tx: teams.list_teams_of(tx, require_organization(tx, actor, name).id)
        )

    def _record(
        self,
        tx: Tx,
        actor: Actor,
        organization: Organization,
        action: str,
        before: State = None,
        after: State = None,
        *,
        at: int,
    ) -> None:
        change = Change("organization", str(organization.id), organization.name, action, before, after)
        self._context.record(tx, actor, organization.entity_id, change, at=at)


def require_organization(tx: Tx, actor: Actor, name: str) -> Organization:
    """The organization, if the actor may know it. Raises NotFound."""
    found = rows.find_organization(tx, name)
    if found is None and actor.account is None and name == OPEN.name:
        return OPEN
    if found is None or not knows_organization(actor, found.id):
        raise NotFound(f"Organization '{name}' not found")
    return found


def require_managed(tx: Tx, actor: Actor, name: str) -> Organization:
    """The organization, if the actor manages it. Raises NotFound and PermissionDenied."""
    found = require_organization(tx, actor, name)
    if not may_manage_organization(actor, found.id):
        raise PermissionDenied(f"'{actor.name}' does not administer the organization '{found.name}', which this needs.")
    return found
