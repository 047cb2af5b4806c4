"""Where the page of a thing is."""

from urllib.parse import urlencode

from podium.domain.comments import Comment
from podium.domain.subjects import Subject
from podium.protocols.pages.visit import path_to


def address_of(subject: Subject) -> str:
    """The page of a model, version, run, artifact or project."""
    if subject.kind in ("model", "version"):
        return path_to("models", subject.team, *subject.path)
    if subject.kind == "run":
        project, run = subject.path
        return path_to(subject.team, project, "runs", run)
    if subject.kind == "artifact":
        project, *rest = subject.path
        return path_to(subject.team, project, "artifacts", *rest)
    return path_to(subject.team, *subject.path)


def discussion_of(subject: Subject, comment: Comment | None = None) -> str:
    """The page with what was said about a thing, at a comment; one on a curve is shown beside that."""
    if comment is not None and comment.anchor is not None and subject.kind == "run":
        shown = urlencode({"part": "curves", "m": comment.anchor.metric})
        return f"{address_of(subject)}?{shown}#comment-{comment.id}"
    query = urlencode({"kind": subject.kind, "id": subject.id, "team": subject.team})
    return f"/comments?{query}" + ("" if comment is None else f"#comment-{comment.id}")
