"""What an open page shows, so that it can be told when that changes."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal

import msgspec

from podium.domain.stories import state_of
from podium.domain.subjects import EVENT_ENTITIES, Subject, SubjectKind

LiveKind = SubjectKind | Literal["cabinet"]

# A team, a word, and what the word needs to be told apart: what an event touches, and what a page shows.
Key = tuple[int, str, str]
_OF_MODELS = ("registered_model", "model_version")


class Topic(msgspec.Struct, frozen=True):
    """What an open page shows: things that events touch, runs, and the newest runs of a project, by their keys."""

    keys: frozenset[Key]
    runs: tuple[int, ...] = ()
    project: int | None = None


class Happened(msgspec.Struct, frozen=True, array_like=True):
    """As much of an event as tells which pages it touches; `said` is the JSON of a comment."""

    seq: int
    team_id: int
    entity: str
    entity_id: str
    entity_name: str
    said: str | None = None


class Mark(msgspec.Struct, frozen=True):
    """Up to which event a page knows what happened, and a digest of the runs that it shows."""

    seq: int
    digest: str

    def __str__(self) -> str:
        return f"{self.seq}.{self.digest}"


def parse_mark(text: str) -> Mark | None:
    """The mark that a text stands for; None for one that was never given out."""
    seq, dot, digest = text.partition(".")
    return Mark(int(seq), digest) if dot and seq.isascii() and seq.isdecimal() and len(seq) < 19 else None


def topic_of(subject: Subject, shown: Iterable[int] = ()) -> Topic:
    """What the page of a thing shows; that of a project has runs `shown`."""
    keys = {(subject.team_id, "comment", f"{subject.kind}/{subject.id}")}
    if subject.kind in ("model", "version"):
        return Topic(frozenset(keys | {_model_key(subject.team_id, subject.event_id)}))
    keys.add((subject.team_id, EVENT_ENTITIES[subject.kind], subject.event_id))
    if subject.kind == "artifact":
        keys.add((subject.team_id, "artifact_collection", subject.path[2]))
    if subject.kind == "run":
        return Topic(frozenset(keys), (subject.key,))
    project = subject.key if subject.kind == "project" else None
    return Topic(frozenset(keys), tuple(sorted(set(shown))), project)


def cabinet_topic(team_ids: Iterable[int]) -> Topic:
    """What the cabinet shows of these teams."""
    return Topic(frozenset((team, "models", "") for team in team_ids))


def touched_by(event: Happened) -> tuple[Key, ...]:
    """What pages show that an event touches."""
    team = event.team_id
    if event.entity in _OF_MODELS:
        return (team, "models", ""), _model_key(team, event.entity_id)
    if event.entity == "comment":
        said = state_of(event.said)
        return ((team, "comment", f"{said.get('on')}/{said.get('id')}"),)
    if event.entity == "artifact_collection":
        return ((team, event.entity, event.entity_name),)
    return ((team, event.entity, event.entity_id),)


def digest_of(marks: Iterable[object]) -> str:
    """A short text that is another one when one of the marks is."""
    return blake2b(repr(list(marks)).encode(), digest_size=8).hexdigest()


def _model_key(team_id: int, event_id: str) -> Key:
    """A model as a whole: what happens to a version touches the others' pages, which say where it stands."""
    return team_id, "model", event_id.partition("/")[0]
