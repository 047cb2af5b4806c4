"""Finding the collections and versions that a caller names, as far as it may see them."""

from collections.abc import Sequence

from msgspec import structs

from podium.domain.access import Actor
from podium.domain.artifact_collections import Collection, Membership, Version, parse_reference
from podium.errors import InvalidState, NotFound
from podium.services.context import Context
from podium.services.registry_roles import require_place, require_place_of, seen_in_registries, seen_projects
from podium.store import (
    artifact_collections,
    artifact_memberships,
    artifact_twins,
    artifact_versions,
    projects,
    teams,
)
from podium.store.registries import find_registry
from podium.store.transaction import Tx


def require_project(context: Context, tx: Tx, actor: Actor, name: str) -> tuple[int, int]:
    """The keys of the actor's team and of its project of this name. Raises NotFound."""
    team = context.team_id(tx, actor, only_reads=True)
    project = projects.find_project_by_name(tx, team, name)
    missing = f"There is no project '{name}' under the entity '{actor.team}'."
    if project is None or project.deleted_at is not None:
        context.team_id(tx, actor)
        raise NotFound(missing)
    return require_place(context, tx, actor, project.id, missing), project.id


def check_project(context: Context, tx: Tx, actor: Actor, project_id: int) -> None:
    """Raise NotFound unless the actor may see what is in the project with this key."""
    found = projects.find_place(tx, project_id)
    missing = f"There is no project with the number {project_id}."
    if found is None:
        raise NotFound(missing)
    team, _ = found
    require_place_of(context, tx, actor, team, project_id, missing)


def require_version(
    context: Context, tx: Tx, actor: Actor, key: int, *, only_reads: bool = False
) -> tuple[int, Version]:
    """The key of the team that has a version, and the version, or the one that was kept in its place. Raises NotFound.

    Who sees a link to it in a registry sees it, too.
    """
    found = _load(tx, key)
    if only_reads or not tx.writes:
        return _seen(context, tx, actor, found), without_hidden(context, tx, actor, found)
    return _owner(context, tx, actor, found.sequence, _no_version(key)), found


def require_committed(context: Context, tx: Tx, actor: Actor, key: int) -> tuple[int, Version]:
    """As `require_version`, of a version that is not to be changed itself.

    Raises InvalidState for one that is not committed, or deleted.
    """
    team, version = require_version(context, tx, actor, key, only_reads=True)
    if version.state != "COMMITTED":
        raise InvalidState(f"The artifact '{name_of(version)}' is {version.state.lower()}: it has to be committed.")
    return team, version


def require_collection(context: Context, tx: Tx, actor: Actor, key: int) -> tuple[int, Collection]:
    """The key of the team that has a collection, and the collection. Raises NotFound."""
    missing = f"There is no artifact collection with the number {key}."
    found = artifact_collections.find_collection_by_key(tx, key)
    if found is None:
        raise NotFound(missing)
    return _owner(context, tx, actor, found, missing), found


def require_collection_named(context: Context, tx: Tx, actor: Actor, project: str, name: str) -> tuple[int, Collection]:
    """As `require_collection`, of a project of the actor's team."""
    team, project_id = require_project(context, tx, actor, project)
    found = artifact_collections.find_collection(tx, project_id, name)
    if found is None:
        raise NotFound(f"There is no artifact collection '{name}' in the project '{actor.team}/{project}'.")
    return team, found


def find_membership(context: Context, tx: Tx, actor: Actor, project_id: int, name: str) -> Membership | None:
    """What `collection:alias` names in a project."""
    collection, alias = parse_reference(name)
    found = artifact_collections.find_collection(tx, project_id, collection)
    if found is None:
        return None
    key = artifact_memberships.find_membership(tx, found.id, alias)
    memberships = load_memberships(context, tx, actor, [] if key is None else [key])
    return memberships[0] if memberships else None


def load_versions(context: Context, tx: Tx, actor: Actor, keys: Sequence[int]) -> list[Version]:
    """Versions that the actor may see, without aliases in collections that it may not."""
    found = artifact_versions.load_versions(tx, keys)
    seen = _seen_aliases(context, tx, actor, found)
    return [_with_aliases(version, seen) for version in found]


def without_hidden(context: Context, tx: Tx, actor: Actor, version: Version) -> Version:
    """The version without aliases in collections that the actor may not see."""
    return _with_aliases(version, _seen_aliases(context, tx, actor, [version]))


def load_memberships(context: Context, tx: Tx, actor: Actor, keys: Sequence[int]) -> list[Membership]:
    """As `load_versions`, of places in collections."""
    found = artifact_memberships.load_memberships(tx, keys)
    seen = _seen_aliases(context, tx, actor, [each.version for each in found])
    return [structs.replace(each, version=_with_aliases(each.version, seen)) for each in found]


def seen_members(context: Context, tx: Tx, actor: Actor, members: Sequence[Membership]) -> list[Membership]:
    """Those of the places in a collection, which the actor sees, whose versions it may see, too."""
    hidden = hidden_members(context, tx, actor, members[0].collection) if members else set()
    return [each for each in members if each.id not in hidden]


def hidden_members(context: Context, tx: Tx, actor: Actor, collection: Collection) -> set[int]:
    """The keys of the places in a collection, which the actor sees, whose versions it may not see.

    What a registry links to is seen with it; a link elsewhere may outlive the right to see where it leads to.
    """
    if collection.kind == "sequence" or find_registry(tx, collection.place.project_id) is not None:
        return set()
    sources = artifact_memberships.select_sources(tx, collection.id)
    foreign = set(sources) - seen_projects(context, tx, actor, sources)
    linked = artifact_memberships.select_places_from(tx, collection.id, sorted(foreign)) if foreign else []
    seen = seen_in_registries(context, tx, actor, [version for _, version in linked])
    return {place for place, version in linked if version not in seen}


def name_of(version: Version) -> str:
    """What people call a version."""
    place = version.sequence.place
    number = "" if version.number is None else f":v{version.number}"
    return f"{place.team}/{place.project}/{version.sequence.name}{number}"


def _load(tx: Tx, key: int) -> Version:
    found = artifact_versions.load_versions(tx, [key])
    if found and found[0].state == "DELETED" and (same := artifact_twins.find_same(tx, key)) is not None:
        found = artifact_versions.load_versions(tx, [same])
    if not found:
        raise NotFound(_no_version(key))
    return found[0]


def _seen(context: Context, tx: Tx, actor: Actor, version: Version) -> int:
    """The key of the team of a version that the actor may see."""
    project = version.sequence.place.project_id
    owner = teams.find_owner(tx, project)
    seen = seen_projects(context, tx, actor, [project]) or seen_in_registries(context, tx, actor, [version.id])
    if owner is None or not seen:
        raise NotFound(_no_version(version.id))
    return owner


def _seen_aliases(context: Context, tx: Tx, actor: Actor, versions: Sequence[Version]) -> set[int]:
    """The keys of the projects that the versions' aliases are in, as far as the actor may see them."""
    own = {version.sequence.place.project_id for version in versions}
    others = {alias.collection.place.project_id for version in versions for alias in version.aliases} - own
    return own | seen_projects(context, tx, actor, others)


def _with_aliases(version: Version, projects: set[int]) -> Version:
    aliases = tuple(alias for alias in version.aliases if alias.collection.place.project_id in projects)
    return structs.replace(version, aliases=aliases)


def _owner(context: Context, tx: Tx, actor: Actor, collection: Collection, missing: str) -> int:
    place = collection.place
    try:
        return require_place(context, tx, actor.at(place.team), place.project_id, missing)
    except NotFound:
        raise NotFound(missing) from None  # nobody learns by the number which team has it


def _no_version(key: int) -> str:
    return f"There is no artifact with the number {key}."
