"""Comments, in threads about models, versions, runs and artifacts."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from podium.domain.access import Actor
from podium.domain.comments import Anchor, Comment, NewComment
from podium.domain.subjects import Subject, SubjectKind
from podium.errors import InvalidArgument, NotFound, PermissionDenied
from podium.protocols.native.api import Api
from podium.protocols.native.endpoint import Call, Input, Topic
from podium.protocols.native.shapes import shown, shown_or_none

Kind = Annotated[SubjectKind, Meta(description="What it is about; projects have no comments")]
PublicId = Annotated[
    str, Meta(description="A model's name, `name/3` of a version, a run's id, the number of an artifact's version")
]
Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class CommentView(msgspec.Struct, frozen=True):
    """A comment. `parent` is the number of the thread's first one; `anchor` a point or a range of a curve. `text` is
    Markdown, and empty where the comment was deleted while there are replies to it.
    """

    id: int
    kind: SubjectKind
    subject: str
    parent: int | None
    author: str
    text: str
    anchor: Anchor | None
    created_at: datetime
    edited_at: datetime | None
    deleted: bool


class CommentList(msgspec.Struct, frozen=True):
    """All comments about a thing: threads by their first comment, each followed by its replies."""

    items: list[CommentView]


class ListComments(Input, frozen=True, kw_only=True):
    """What the comments are about."""

    kind: Kind
    id: PublicId


class NewCommentRequest(ListComments, frozen=True, kw_only=True):
    """A comment to make, in reply to `parent` or as the first one of a thread."""

    text: str
    parent: Number | None = None
    anchor: Anchor | None = None


class OneComment(Input, frozen=True, kw_only=True):
    """A comment by its number."""

    id: Number


class EditComment(OneComment, frozen=True, kw_only=True):
    """Another text for a comment of one's own."""

    text: str


async def list_comments(api: Api, actor: Actor, request: ListComments) -> CommentList:
    found = await api.services.comments.discussion(actor, request.kind, request.id)
    comments = [comment for thread in found.threads for comment in (thread.first, *thread.replies)]
    return CommentList([view_of(comment, found.subject) for comment in comments])


async def create_comment(api: Api, actor: Actor, request: NewCommentRequest) -> CommentView:
    """`@name` in the text tells a user who may read it."""
    new = NewComment(request.text, request.parent, request.anchor)
    made = await api.services.comments.create(actor, request.kind, request.id, new)
    return await _view(api, actor, made.id)


async def get_comment(api: Api, actor: Actor, request: OneComment) -> CommentView:
    return await _view(api, actor, request.id)


async def edit_comment(api: Api, actor: Actor, request: EditComment) -> CommentView:
    """Only its author may; the text before is kept in the audit trail."""
    await api.services.comments.edit(actor, request.id, request.text)
    return await _view(api, actor, request.id)


async def delete_comment(api: Api, actor: Actor, request: OneComment) -> None:
    """Its author may, and who manages the team."""
    await api.services.comments.delete(actor, request.id)


def view_of(comment: Comment, subject: Subject) -> CommentView:
    """The public form of a comment."""
    return CommentView(
        id=comment.id,
        kind=subject.kind,
        subject=subject.id,
        parent=comment.parent_id,
        author=comment.author,
        text=comment.body,
        anchor=comment.anchor,
        created_at=shown(comment.created_at),
        edited_at=shown_or_none(comment.edited_at),
        deleted=comment.deleted,
    )


async def _view(api: Api, actor: Actor, comment_id: int) -> CommentView:
    return view_of(*await api.services.comments.get(actor, comment_id))


_REFUSALS = (InvalidArgument, NotFound, PermissionDenied)

TOPIC = Topic(
    "comments",
    "What people say about models, versions, runs and artifacts, in threads.",
    (
        Call("GET", "/comments", ListComments, CommentList, list_comments, "List the comments about a thing"),
        Call("POST", "/comments", NewCommentRequest, CommentView, create_comment, "Comment", _REFUSALS, 201),
        Call("GET", "/comments/{id}", OneComment, CommentView, get_comment, "Get a comment", (NotFound,)),
        Call("PATCH", "/comments/{id}", EditComment, CommentView, edit_comment, "Edit a comment", _REFUSALS),
        Call("DELETE", "/comments/{id}", OneComment, None, delete_comment, "Delete a comment", _REFUSALS),
    ),
)
