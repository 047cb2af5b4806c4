"""Comments: said, edited and deleted, in threads about models, versions, runs and artifacts.

Things are named by what clients know them by: `model` by its name, `version` as `name/3`, `run` by its run id, and
`artifact` by the number of the version, as the lineage API has it. Comments are stored by the things' keys, so that a
rename loses none of them. Members may comment; authors edit what they said; authors and who manages the team delete it.
"""

import msgspec

from podium.domain.access import Actor, may_manage, may_write
from podium.domain.comments import Comment, Discussion, NewComment, check_body, check_comment, threads_of
from podium.domain.events import Change, State
from podium.domain.mentions import mentioned
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.services.context import Context
from podium.services.registry_roles import check_visible
from podium.services.subjects import require_subject
from podium.store import comments as rows
from podium.store import people
from podium.store.transaction import Tx

MAX_MENTIONS = 50
MAX_OFFERED = 8


class Comments:
    """What people say about things."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def discussion(self, actor: Actor, kind: SubjectKind, public_id: str) -> Discussion:
        """All that was said about a thing of the actor's team. Raises NotFound."""
        _require_comments(kind)

        def work(tx: Tx) -> Discussion:
            subject = require_subject(self._context, tx, actor, kind, public_id)
            return _discussion(tx, actor, subject)

        return await self._context.store.read(work)

    async def get(self, actor: Actor, comment_id: int) -> tuple[Comment, Subject]:
        """A comment, and what it is about. Raises NotFound."""
        return await self._context.store.read(lambda tx: self._require(tx, actor, comment_id))

    async def create(self, actor: Actor, kind: SubjectKind, public_id: str, new: NewComment) -> Comment:
        """What was said. A reply to a reply joins the same thread. Raises NotFound, InvalidArgument."""
        _require_comments(kind)
        check_comment(new)

        def work(tx: Tx) -> Comment:
            subject = require_subject(self._context, tx, actor, kind, public_id)
            at = self._context.clock()
            said = msgspec.structs.replace(new, parent_id=_beginning(tx, subject, new.parent_id))
            author_id = None if actor.account is None else actor.account.id
            key = rows.insert_comment(tx, subject, said, author=actor.name, author_id=author_id, at=at)
            rows.set_mentions(tx, key, _called(tx, subject, new.body))
            comment = Comment(
                key, said.parent_id, actor.name, author_id, new.body, new.anchor, at, edited_at=None, deleted=False
            )
            self._record(tx, actor, comment, subject, "create", None, _state(comment, subject), at)
            return comment

        return await self._context.store.write(work)

    async def edit(self, actor: Actor, comment_id: int, body: str) -> Comment:
        """Give one's own comment another text. Raises NotFound and PermissionDenied."""
        check_body(body)

        def work(tx: Tx) -> Comment:
            before, subject = self._require(tx, actor, comment_id)
            if not is_author(actor, before):
                raise PermissionDenied(f"'{before.author}' said this: only the author of a comment edits it.")
            at = self._context.clock()
            rows.update_body(tx, comment_id, body, at)
            rows.set_mentions(tx, comment_id, _called(tx, subject, body))
            after = msgspec.structs.replace(before, body=body, edited_at=at)
            self._record(tx, actor, after, subject, "edit", _state(before, subject), _state(after, subject), at)
            return after

        return await self._context.store.write(work)

    async def delete(self, actor: Actor, comment_id: int) -> None:
        """Delete a comment: one's own, or as who manages the team. Raises NotFound and PermissionDenied."""

        def work(tx: Tx) -> None:
            before, subject = self._require(tx, actor, comment_id)
            if not (is_author(actor, before) or may_manage(actor, subject.team_id)):
                raise PermissionDenied(f"'{before.author}' said this: its author deletes it, or who manages the team.")
            at = self._context.clock()
            rows.mark_deleted(tx, comment_id, at)
            self._record(tx, actor, before, subject, "delete", _state(before, subject), None, at)

        await self._context.store.write(work)

    async def callable_people(self, actor: Actor, beginning: str) -> list[str]:
        """The names of people of the actor's team that begin so, for who writes `@`."""
        return await self._context.store.read(
            lambda tx: people.select_names(tx, [self._context.team_id(tx, actor)], beginning, MAX_OFFERED)
        )

    def _require(self, tx: Tx, actor: Actor, comment_id: int) -> tuple[Comment, Subject]:
        missing = f"There is no comment {comment_id}."
        found = rows.find_comment(tx, comment_id, lock=tx.writes)
        if found is None or found[1].deleted:
            raise NotFound(missing)
        subject = found[1]
        self._context.require_team(tx, actor, subject.team_id, missing)
        if subject.project_id is not None:
            check_visible(tx, actor, subject.team_id, subject.project_id, missing)
        return found

    def _record(
        self,
        tx: Tx,
        actor: Actor,
        comment: Comment,
        subject: Subject,
        action: str,
        before: State,
        after: State,
        at: int,
    ) -> None:
        change = Change("comment", str(comment.id), subject.name, action, before, after)
        self._context.record(tx, actor, subject.team_id, change, at=at)


def is_author(actor: Actor, comment: Comment) -> bool:
    """Whether the actor said it. On a server without accounts everybody is the same."""
    if actor.account is None:
        return comment.author_id is None
    if actor.account.id is None:
        return comment.author_id is None and comment.author == actor.name
    return comment.author_id == actor.account.id


def _require_comments(kind: SubjectKind) -> None:
    if kind not in rows.COLUMNS:
        raise InvalidArgument(f"'kind' is '{kind}': comments are about one of {', '.join(rows.COLUMNS)}.")


def _discussion(tx: Tx, actor: Actor, subject: Subject) -> Discussion:
    threads = threads_of(rows.list_comments(tx, subject))
    team = subject.team_id
    return Discussion(subject, threads, may_write=may_write(actor, team), may_manage=may_manage(actor, team))


def _beginning(tx: Tx, subject: Subject, parent_id: int | None) -> int | None:
    """The first comment of the thread that a reply belongs to."""
    if parent_id is None:
        return None
    found = rows.find_comment(tx, parent_id)
    if found is None or (found[1].kind, found[1].key) != (subject.kind, subject.key):
        raise NotFound(f"There is no comment {parent_id} about this {subject.kind}, to reply to.")
    return found[0].parent_id or parent_id


def _called(tx: Tx, subject: Subject, body: str) -> list[int]:
    """The users that the text calls, of those who may read what it is about."""
    return people.select_keys(tx, subject.team_id, sorted(mentioned(body))[:MAX_MENTIONS])


def _state(comment: Comment, subject: Subject) -> dict[str, object]:
    anchor = None if comment.anchor is None else msgspec.structs.asdict(comment.anchor)
    return {
        "on": subject.kind,
        "id": subject.id,
        "text": comment.body,
        "parent": comment.parent_id,
        "anchor": anchor,
        "author": comment.author,
    }
