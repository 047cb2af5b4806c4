"""Comments on models, versions, runs and artifacts, and what they may be."""

import msgspec

from podium.domain import names
from podium.domain.subjects import Subject
from podium.errors import InvalidArgument

MAX_BODY = 20_000
MAX_STEP = 2**63 - 1


class Anchor(msgspec.Struct, frozen=True):
    """A point of a curve, or with a later `to_step` a range of it."""

    metric: str
    from_step: int
    to_step: int


class Comment(msgspec.Struct, frozen=True):
    """What somebody said; a deleted comment has no text left. Times are milliseconds since the epoch."""

    id: int
    parent_id: int | None
    author: str
    author_id: int | None
    body: str
    anchor: Anchor | None
    created_at: int
    edited_at: int | None
    deleted: bool


class NewComment(msgspec.Struct, frozen=True):
    """What somebody wants to say, in reply to `parent_id` or as the beginning of a thread."""

    body: str
    parent_id: int | None = None
    anchor: Anchor | None = None


class Thread(msgspec.Struct, frozen=True):
    """Comments that belong together: the first, and the replies to it, oldest first."""

    first: Comment
    replies: list[Comment]


class Anchored(msgspec.Struct, frozen=True):
    """Where on a curve a thread is, by the number of its first comment."""

    id: int
    metric: str
    from_step: int
    to_step: int


class Discussion(msgspec.Struct, frozen=True):
    """All that was said about a thing, and whether the viewer may say something."""

    subject: Subject
    threads: list[Thread]
    may_write: bool
    may_manage: bool

    @property
    def count(self) -> int:
        """How many comments there are, those that were deleted left out."""
        return sum(not said.deleted for thread in self.threads for said in (thread.first, *thread.replies))

    @property
    def anchors(self) -> list[Anchored]:
        """The places on curves that are talked about."""
        first = [(thread.first.id, thread.first.anchor) for thread in self.threads]
        return [Anchored(key, at.metric, at.from_step, at.to_step) for key, at in first if at is not None]


def check_comment(new: NewComment) -> None:
    """Raise InvalidArgument unless it can be said."""
    check_body(new.body)
    anchor = new.anchor
    if anchor is None:
        return
    if new.parent_id is not None:
        raise InvalidArgument("'anchor' belongs to the first comment of a thread, and this one replies to another.")
    names.check_label("anchor.metric", anchor.metric, names.MAX_KEY)
    if not 0 <= anchor.from_step <= anchor.to_step <= MAX_STEP:
        raise InvalidArgument("'anchor' needs a 'from_step' from 0, and a 'to_step' that does not come before it.")


def check_body(body: str) -> None:
    """Raise InvalidArgument unless it is the text of a comment."""
    if not body.strip():
        raise InvalidArgument("'text' is empty: a comment says something.")
    names.check_length("text", body, MAX_BODY)
    names.check_text("text", body)


def threads_of(comments: list[Comment]) -> list[Thread]:
    """Comments in the order in which they were made as threads; those of which nothing is left are left out."""
    threads: dict[int, Thread] = {}
    for comment in comments:
        if comment.parent_id is None:
            threads[comment.id] = Thread(comment, [])
        elif not comment.deleted:
            threads[comment.parent_id].replies.append(comment)
    return [thread for thread in threads.values() if thread.replies or not thread.first.deleted]
