"""People and teams as the pages list them: with roles and counts, a fixed number of statements each."""

import msgspec

from podium.domain.access import Actor, Role, may_manage
from podium.domain.accounts import ApiKey, Member, Organization, User
from podium.domain.teams import Team
from podium.errors import InvalidArgument
from podium.services.context import Context
from podium.store import organizations
from podium.store import people as rows
from podium.store.transaction import Tx

MAX_PAGE = 200


class Person(msgspec.Struct, frozen=True):
    """A user with its roles in those teams that the viewer knows."""

    user: User
    roles: dict[str, Role]


class PeoplePage(msgspec.Struct, frozen=True):
    """People by name, and the name that the next page begins behind."""

    people: list[Person]
    after: str | None


class TeamCard(msgspec.Struct, frozen=True):
    """A team with the number of its members, the viewer's role, and the organization that it belongs to."""

    team: Team
    members: int
    role: Role | None
    organization: str


class Crew(msgspec.Struct, frozen=True):
    """A team with its members; the keys of its service accounts, by the accounts', are for who manages it."""

    team: Team
    organization: Organization | None
    members: list[Member]
    keys: dict[int, list[ApiKey]]
    may_manage: bool


class People:
    """Reads who works with whom."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def page(self, actor: Actor, *, text: str = "", after: str = "", limit: int = 50) -> PeoplePage:
        """Users whom the actor works with, all of them for administrators; those with the text in name or address."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidArgument(f"'limit' must be between 1 and {MAX_PAGE}, got {limit}.")

        def work(tx: Tx) -> PeoplePage:
            teams = [team.id for team in self._context.readable_teams(tx, actor)]
            groups = [] if actor.account is None else list(actor.account.organizations)
            found = rows.list_people(tx, teams, groups, text, after=after, limit=limit + 1)
            shown = found[:limit]
            roles = rows.select_roles(tx, [user.id for user in shown], teams)
            people = [Person(user, roles.get(user.id, {})) for user in shown]
            return PeoplePage(people, shown[-1].name if len(found) > limit else None)

        return await self._context.store.read(work)

    async def teams(self, actor: Actor) -> list[TeamCard]:
        """The teams that the actor belongs to, all of them for administrators, without the users' own ones."""

        def work(tx: Tx) -> list[TeamCard]:
            known = [team for team in self._context.readable_teams(tx, actor) if team.kind != "user"]
            counts = rows.count_members(tx, [team.id for team in known])
            names = {each.id: each.name for each in organizations.list_organizations(tx)}
            roles = {} if actor.account is None else actor.account.roles
            return [
                TeamCard(team, counts.get(team.id, 0), roles.get(team.id), names.get(team.organization_id or 0, ""))
                for team in known
            ]

        return await self._context.store.read(work)

    async def crew(self, actor: Actor, name: str) -> Crew:
        """A team and who belongs to it. Raises NotFound."""

        def work(tx: Tx) -> Crew:
            [team] = self._context.readable_teams(tx, actor, name)
            manages = may_manage(actor, team.id)
            members = organizations.list_team_members(tx, team.id)
            keys = rows.select_service_keys(tx, team.id) if manages else {}
            group = team.organization_id
            organization = None if group is None else organizations.find_organization_by_id(tx, group)
            return Crew(team, organization, members, keys, manages)

        return await self._context.store.read(work)
