"""What changed in what somebody watches."""

import msgspec

from podium.domain.comments import Comment
from podium.domain.events import Event
from podium.domain.subjects import Subject


class Story(msgspec.Struct, frozen=True):
    """An event, the team that it was in, what it is about and the comment that it tells of, if they are still there."""

    event: Event
    team: str
    subject: Subject | None
    comment: Comment | None = None


class Feed(msgspec.Struct, frozen=True):
    """A page of stories, newest first; `seen` is the number of the last event that the viewer has seen before."""

    stories: list[Story]
    seen: int
    cursor: int | None
