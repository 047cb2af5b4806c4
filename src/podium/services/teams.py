"""Teams: created, described and deleted, with what they have, without it, or only when they have nothing."""

from podium.domain.access import DEFAULT_TEAM, DEFAULT_TEAM_ID, Actor, may_manage, may_read, may_write
from podium.domain.accounts import check_user_name
from podium.domain.events import Change, State
from podium.domain.teams import DeletionMode, Team, check_description, check_team_name, valid_root
from podium.errors import AlreadyExists, InvalidArgument, InvalidState, NotFound, PermissionDenied
from podium.services.context import Context
from podium.services.organizations import require_managed
from podium.store import accounts, organizations
from podium.store import teams as rows
from podium.store.transaction import Tx


class Teams:
    """What can be done with teams. They are not within a team themselves, so the actor's one does not matter."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def list_all(self, actor: Actor) -> list[Team]:
        """Every team that the actor belongs to, by name; all of them for administrators."""

        def work(tx: Tx) -> list[Team]:
            return [team for team in rows.list_teams(tx) if may_read(actor, team.id)]

        return await self._context.store.read(work)

    async def get(self, actor: Actor, name: str) -> Team:
        """The team of this name. Raises NotFound."""
        return await self._context.store.read(lambda tx: _require(tx, actor, name))

    async def is_readable(self, actor: Actor) -> bool:
        """Whether the actor may see what its team has."""

        def work(tx: Tx) -> bool:
            found = rows.find_team(tx, actor.team)
            return found is not None and may_read(actor, found.id)

        return await self._context.store.read(work)

    async def create(self, actor: Actor, name: str, description: str | None, artifact_root: str | None) -> Team:
        """The new team, which the actor manages. It takes an administrator of the server. Raises AlreadyExists."""
        if name == DEFAULT_TEAM:
            raise InvalidArgument(f"The '{DEFAULT_TEAM}' workspace is reserved and cannot be created")
        check_team_name(name)
        check_description(description or "")
        root = valid_root(artifact_root or "") or None
        self._context.require_admin(actor)

        def work(tx: Tx) -> Team:
            return self._insert(tx, actor, Team(0, name, description, root), None)

        return await self._context.write_accounts(work)

    async def create_in(
        self,
        actor: Actor,
        organization: str | None,
        name: str,
        owner: str | None = None,
        description: str | None = None,
    ) -> Team:
        """The new team of an organization, or of none, which its owner manages, else the actor.

        Who administers the organization makes its teams; teams of none are made by whoever may sign in.
        Raises AlreadyExists.
        """
        check_user_name(name)
        check_description(description or "")

        def work(tx: Tx) -> Team:
            parent = None if organization is None else require_managed(tx, actor, organization).id
            return self._insert(tx, actor, Team(0, name, description, None, "team", parent), owner)

        return await self._context.write_accounts(work)

    def _insert(self, tx: Tx, actor: Actor, new: Team, owner: str | None) -> Team:
        at = self._context.clock()
        root, parent = new.default_artifact_root, new.organization_id
        key = rows.insert_team(tx, new.name, new.description, root, at, organization_id=parent)
        if key is None:
            raise AlreadyExists(f"There is a team '{new.name}' already.")
        manager = None if actor.account is None else actor.account.id
        if owner is not None:
            user = accounts.find_user(tx, owner)
            if user is None:
                raise NotFound(f"There is no user '{owner}'")
            manager = user.id
        if manager is not None:
            organizations.set_team_member(tx, key, manager, "admin", at)
            if parent is not None:
                organizations.join(tx, parent, manager, at)
        team = Team(key, new.name, new.description, root, new.kind, parent)
        self._record(tx, actor, team, "create", after=_state(team), at=at)
        return team

    async def update(self, actor: Actor, name: str, description: str | None, artifact_root: str | None) -> Team:
        """Change what is not None; an empty artifact root takes it off. Projects that exist stay where they are."""
        if description is None and artifact_root is None:
            raise InvalidArgument("Workspace update must have at least one key")
        check_description(description or "")
        root = None if artifact_root is None else valid_root(artifact_root)

        def work(tx: Tx) -> Team:
            before = _require_managed(tx, actor, name)
            after = Team(
                before.id,
                name,
                before.description if description is None else description,
                before.default_artifact_root if root is None else root or None,
                before.kind,
                before.organization_id,
            )
            at = self._context.clock()
            rows.update_team(tx, after.id, after.description, after.default_artifact_root, at)
            self._record(tx, actor, after, "update", _state(before), _state(after), at=at)
            return after

        return await self._context.store.write(work)

    async def delete(self, actor: Actor, name: str, mode: DeletionMode) -> None:
        """Delete a team: RESTRICT only an empty one, CASCADE with all it has, SET_DEFAULT after giving that away.

        What was deleted with it is kept until garbage collection: `restore` brings all of it back.
        Raises InvalidState when it has something, or something that the default team has under the same name.
        """
        if name == DEFAULT_TEAM:
            raise InvalidArgument(f"The '{DEFAULT_TEAM}' workspace is reserved and cannot be deleted")

        def work(tx: Tx) -> None:
            team = _require_managed(tx, actor, name)
            if team.kind != "team":
                raise InvalidState(f"'{name}' belongs to the {team.kind} of this name, and is deleted with it.")
            if mode == "RESTRICT":
                _refuse_unless_empty(tx, team)
            at = self._context.clock()
            if mode == "SET_DEFAULT":
                self._give_to_default(tx, actor, team, at)
            rows.update_deleted(tx, team.id, at, at)
            self._record(tx, actor, team, "delete", {**_state(team), "mode": mode}, at=at)

        await self._context.write_accounts(work)

    async def restore(self, actor: Actor, name: str) -> Team:
        """Bring back the team of this name that was deleted last, with what was deleted with it.

        It takes an administrator of the server. Raises NotFound, and AlreadyExists when another has its name now.
        """
        self._context.require_admin(actor)

        def work(tx: Tx) -> Team:
            team = rows.lock_deleted_team(tx, name)
            if team is None:
                raise NotFound(f"There is no deleted workspace '{name}'")
            at = self._context.clock()
            if not rows.update_deleted(tx, team.id, None, at):
                raise AlreadyExists(f"There is a team '{name}' already.")
            self._record(tx, actor, team, "restore", after=_state(team), at=at)
            return team

        return await self._context.write_accounts(work)

    def _give_to_default(self, tx: Tx, actor: Actor, team: Team, at: int) -> None:
        if not may_write(actor, DEFAULT_TEAM_ID):
            raise PermissionDenied(f"'{actor.name}' may not give anything to the workspace '{DEFAULT_TEAM}'.")
        rows.lock_names(tx, DEFAULT_TEAM_ID)
        _refuse_clashes(tx, team)
        models = rows.select_models(tx, team.id)
        rows.give_to_default(tx, team.id, f"workspaces/{team.name}/")
        for key, name in models:  # by these events the default team's past knows who bore the names
            before, after = {"name": name, "team": team.name}, {"name": name, "team": DEFAULT_TEAM}
            change = Change("registered_model", str(key), name, "rename", before, after)
            self._context.record(tx, actor, DEFAULT_TEAM_ID, change, at=at)

    def _record(
        self, tx: Tx, actor: Actor, team: Team, action: str, before: State = None, after: State = None, *, at: int
    ) -> None:
        change = Change("team", str(team.id), team.name, action, before, after)
        self._context.record(tx, actor, team.id, change, at=at)


def _require(tx: Tx, actor: Actor, name: str, *, lock: bool = False) -> Team:
    team = rows.find_team(tx, name, lock=lock)
    if team is None or not may_read(actor, team.id):
        raise NotFound(f"Workspace '{name}' not found")
    return team


def _require_managed(tx: Tx, actor: Actor, name: str) -> Team:
    team = _require(tx, actor, name, lock=True)
    if not may_manage(actor, team.id):
        raise PermissionDenied(f"'{actor.name}' does not administer the workspace '{name}', which this needs.")
    return team


def _refuse_unless_empty(tx: Tx, team: Team) -> None:
    for table, count in rows.count_owned(tx, team.id).items():
        raise InvalidState(
            f"Cannot delete workspace '{team.name}': table '{table}' still contains {count} resource(s). "
            "Remove or reassign them before deleting the workspace."
        )


def _refuse_clashes(tx: Tx, team: Team) -> None:
    clashes = rows.clashing_names(tx, team.id)
    if clashes:
        listed = "\n".join(f"  - {clash}" for clash in clashes)
        raise InvalidState(
            f"Cannot reassign resources from workspace '{team.name}' to '{DEFAULT_TEAM}': the following names already "
            f"exist in the default workspace and would cause conflicts:\n{listed}\n"
            "Rename or remove the conflicting resources before retrying."
        )


def _state(team: Team) -> dict[str, str | None]:
    return {"description": team.description, "default_artifact_root": team.default_artifact_root}
