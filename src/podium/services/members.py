"""Who belongs to organizations and teams, and in which role."""

from podium.domain.access import Actor, Role, may_manage, may_read
from podium.domain.accounts import Member, Organization, User
from podium.domain.events import Change
from podium.domain.teams import Team
from podium.errors import NotFound, PermissionDenied
from podium.services.context import Context
from podium.services.organizations import require_managed, require_organization
from podium.services.users import require_user
from podium.store import organizations as rows
from podium.store import teams
from podium.store.transaction import Tx


class Members:
    """What can be done with members. Roles belong to keys, not to names: no rename changes them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_of_organization(self, actor: Actor, organization: str) -> list[Member]:
        """Who belongs to an organization, by name."""
        return await self._context.store.read(
            lambda tx: rows.list_members(tx, require_organization(tx, actor, organization).id)
        )

    async def list_of_team(self, actor: Actor, team: str) -> list[Member]:
        """Who belongs to a team, in the order in which they came."""
        return await self._context.store.read(lambda tx: rows.list_team_members(tx, _known_team(tx, actor, team).id))

    async def set_in_organization(self, actor: Actor, organization: str, user: str, role: Role) -> None:
        """Give a user a role in an organization. Raises NotFound and PermissionDenied."""

        def work(tx: Tx) -> None:
            found, member = require_managed(tx, actor, organization), require_user(tx, user)
            at = self._context.clock()
            rows.set_member(tx, found.id, member.id, role, at)
            self._record_organization(tx, actor, found, member, role, at)

        await self._context.write_accounts(work)

    async def remove_from_organization(self, actor: Actor, organization: str, user: str) -> None:
        """Take a user out of an organization and its teams. Raises NotFound."""

        def work(tx: Tx) -> None:
            found, member = require_managed(tx, actor, organization), require_user(tx, user)
            if not rows.remove_member(tx, found.id, member.id):
                raise NotFound(f"'{user}' is no member of the organization '{organization}'")
            self._record_organization(tx, actor, found, member, None, self._context.clock())

        await self._context.write_accounts(work)

    async def set_in_team(self, actor: Actor, team: str, user: str, role: Role) -> None:
        """Give a user a role in a team. Who joins a team of an organization belongs to that too."""

        def work(tx: Tx) -> None:
            found, member = _managed_team(tx, actor, team), require_user(tx, user)
            at = self._context.clock()
            rows.set_team_member(tx, found.id, member.id, role, at)
            if found.organization_id is not None:
                rows.join(tx, found.organization_id, member.id, at)
            self._record_team(tx, actor, found, member, role, at)

        await self._context.write_accounts(work)

    async def remove_from_team(self, actor: Actor, team: str, user: str) -> None:
        """Take a user out of a team. Raises NotFound."""

        def work(tx: Tx) -> None:
            found, member = _managed_team(tx, actor, team), require_user(tx, user)
            if not rows.remove_team_member(tx, found.id, member.id):
                raise NotFound(f"'{user}' is no member of the team '{team}'")
            self._record_team(tx, actor, found, member, None, self._context.clock())

        await self._context.write_accounts(work)

    def _record_organization(
        self, tx: Tx, actor: Actor, organization: Organization, member: User, role: Role | None, at: int
    ) -> None:
        key, action = f"{organization.id}/{member.id}", "remove" if role is None else "set"
        change = Change("organization_member", key, member.name, action, None, {"role": role})
        self._context.record(tx, actor, organization.entity_id, change, at=at)

    def _record_team(self, tx: Tx, actor: Actor, team: Team, member: User, role: Role | None, at: int) -> None:
        key, action = f"{team.id}/{member.id}", "remove" if role is None else "set"
        change = Change("team_member", key, member.name, action, None, {"role": role})
        self._context.record(tx, actor, team.id, change, at=at)


def _known_team(tx: Tx, actor: Actor, name: str) -> Team:
    team = teams.find_team(tx, name)
    if team is None or not may_read(actor, team.id):
        raise NotFound(f"There is no team '{name}'")
    return team


def _managed_team(tx: Tx, actor: Actor, name: str) -> Team:
    team = _known_team(tx, actor, name)
    if not may_manage(actor, team.id):
        raise PermissionDenied(f"'{actor.name}' does not administer the team '{name}', which this needs.")
    return team
