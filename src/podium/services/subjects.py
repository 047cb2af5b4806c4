"""The things that people comment on and watch, found for an actor."""

from podium.domain.access import Actor
from podium.domain.public_ids import values_of
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import NotFound
from podium.services.context import Context
from podium.services.registry_roles import check_visible
from podium.store.subjects import find_subject
from podium.store.transaction import Tx


def require_subject(
    context: Context, tx: Tx, actor: Actor, kind: SubjectKind, public_id: str, *, only_reads: bool = False
) -> Subject:
    """The thing of the actor's team with a public id (domain/public_ids.py). Raises NotFound, InvalidArgument."""
    named = values_of(kind, public_id)
    team = context.team_id(tx, actor, only_reads=only_reads)
    found = find_subject(tx, team, kind, named)
    missing = f"There is no {kind} '{public_id[:200]}'."
    if found is None:
        raise NotFound(missing)
    if found.project_id is not None:
        check_visible(tx, actor, team, found.project_id, missing)
    return found
