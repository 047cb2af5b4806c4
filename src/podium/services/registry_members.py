"""Who belongs to a registry, and in which role."""

from collections.abc import Sequence

import msgspec

from podium.domain.access import Actor
from podium.domain.events import Change, State
from podium.domain.registries import MemberRole, UserMember, check_member_role
from podium.domain.teams import Team
from podium.errors import NotFound
from podium.services.context import Context
from podium.services.registry_roles import require_role
from podium.store import registries as rows
from podium.store import teams
from podium.store.transaction import Tx


class TeamMember(msgspec.Struct, frozen=True):
    """A team of a registry."""

    team: Team
    role: MemberRole


class RegistryMembers:
    """What the actor may do with the members of registries. Keys are those of projects."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def users(self, actor: Actor, registry: int) -> list[UserMember]:
        """The users of a registry."""

        def work(tx: Tx) -> list[UserMember]:
            self._require(tx, actor, registry, "restricted_viewer")
            return rows.select_users(tx, registry)

        return await self._context.store.read(work)

    async def teams(self, actor: Actor, registry: int) -> list[TeamMember]:
        """The teams of a registry."""

        def work(tx: Tx) -> list[TeamMember]:
            self._require(tx, actor, registry, "restricted_viewer")
            roles = dict(rows.select_teams(tx, registry))
            found = teams.load_teams(tx, list(roles))
            return [TeamMember(team, roles[team.id]) for team in found]

        return await self._context.store.read(work)

    async def add(self, actor: Actor, registry: int, users: Sequence[int], team_ids: Sequence[int]) -> None:
        """Let users and teams belong to a registry, as viewers; those that do keep their role."""

        def work(tx: Tx) -> None:
            team = self._require(tx, actor, registry, "admin")
            rows.add_users(tx, registry, users, "viewer")
            rows.add_teams(tx, registry, team_ids, "viewer")
            told = {"users": list(users), "teams": list(team_ids)}
            self._record(tx, actor, team, registry, "add_members", told)

        await self._context.store.write(work)

    async def remove(self, actor: Actor, registry: int, users: Sequence[int], team_ids: Sequence[int]) -> None:
        """Take users and teams out of a registry; those that do not belong there are no matter."""

        def work(tx: Tx) -> None:
            team = self._require(tx, actor, registry, "admin")
            rows.remove_members(tx, registry, users, team_ids)
            told = {"users": list(users), "teams": list(team_ids)}
            self._record(tx, actor, team, registry, "remove_members", told)

        await self._context.store.write(work)

    async def set_user_role(self, actor: Actor, registry: int, user_id: int, role: str) -> None:
        """Give a user of a registry another role. Raises NotFound for one that does not belong there."""
        wanted = check_member_role(role)

        def work(tx: Tx) -> None:
            team = self._require(tx, actor, registry, "admin")
            if not rows.update_user_role(tx, registry, user_id, wanted):
                raise NotFound(f"No user with the number {user_id} belongs to this registry.")
            self._record(tx, actor, team, registry, "set_role", {"user": user_id, "role": wanted})

        await self._context.store.write(work)

    async def set_team_role(self, actor: Actor, registry: int, team_id: int, role: str) -> None:
        """Give a team of a registry another role. Raises NotFound for one that does not belong there."""
        wanted = check_member_role(role)

        def work(tx: Tx) -> None:
            team = self._require(tx, actor, registry, "admin")
            if not rows.update_team_role(tx, registry, team_id, wanted):
                raise NotFound(f"No team with the number {team_id} belongs to this registry.")
            self._record(tx, actor, team, registry, "set_role", {"team": team_id, "role": wanted})

        await self._context.store.write(work)

    def _require(self, tx: Tx, actor: Actor, registry: int, least: MemberRole) -> int:
        """The key of the registry's team. A role in the registry is all that it takes."""
        team = teams.find_owner(tx, registry)
        if team is None:
            raise NotFound(f"There is no registry with the number {registry}.")
        require_role(tx, actor, team, registry, least)
        return team

    def _record(self, tx: Tx, actor: Actor, team: int, registry: int, action: str, told: State) -> None:
        found = rows.load_registries(tx, [registry])
        name = found[0].name if found else str(registry)
        change = Change("registry", str(registry), name, action, None, told)
        self._context.record(tx, actor, team, change, at=self._context.clock())
