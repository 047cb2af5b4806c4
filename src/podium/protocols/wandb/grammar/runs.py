"""The names by which runs are filtered and sorted."""

from podium.domain.filters import And, Comparison, Field, FieldKind, Node, Not, Operator, Order
from podium.errors import InvalidArgument
from podium.protocols.wandb.grammar.mongo import parse_filter
from podium.protocols.wandb.grammar.subjects import Listed, Number, OneOf, Param, Subject, Text, Time

_CONFIG = "config"
_SUMMARIES = ("summary_metrics", "summaryMetrics", "summary")
_VALUE = "value"


def _attribute(key: str) -> Field:
    return Field(FieldKind.ATTRIBUTE, key)


def _tag(key: str) -> Field:
    return Field(FieldKind.TAG, key)


def _state(status: str, note: str | None = None, *notes: str) -> Node:
    """That a run has a status with that note, or with none of the notes that give it another name."""
    items: list[Node] = [Comparison(_attribute("status"), Operator.EQ, status)]
    if note is not None:
        items.append(Comparison(_attribute("note"), Operator.EQ, note))
    if notes:
        items.append(Not(Comparison(_attribute("note"), Operator.IN, notes)))
    return And(tuple(items))


_STATE = OneOf(
    "state",
    {
        "running": _state("RUNNING", None, "crashed", "preempting", "preempted"),
        "finished": _state("FINISHED"),
        "failed": _state("FAILED", None, "crashed"),
        "crashed": _state("FAILED", "crashed"),
        "killed": _state("KILLED"),
        "pending": _state("SCHEDULED"),
        "preempting": _state("RUNNING", "preempting"),
        "preempted": _state("RUNNING", "preempted"),
    },
)
_CREATED, _HEARTBEAT = Time(_attribute("start_time")), Time(_attribute("heartbeat_at"))
_DISPLAY_NAME, _USER = Text(_attribute("name")), Text(_attribute("user_id"))
_JOB_TYPE, _NOTES = Text(_tag("wandb.jobType")), Text(_tag("mlflow.note.content"))

_SUBJECTS: dict[str, Subject] = {
    "name": Text(_attribute("slug")),
    "displayName": _DISPLAY_NAME,
    "display_name": _DISPLAY_NAME,
    "createdAt": _CREATED,
    "created_at": _CREATED,
    "heartbeatAt": _HEARTBEAT,
    "heartbeat_at": _HEARTBEAT,
    "updatedAt": _HEARTBEAT,
    "updated_at": _HEARTBEAT,
    "username": _USER,
    "user": _USER,
    "user.username": _USER,
    "state": _STATE,
    "duration": Number(_attribute("duration")),
    "group": Text(_tag("wandb.group")),
    "jobType": _JOB_TYPE,
    "job_type": _JOB_TYPE,
    "notes": _NOTES,
    "description": _NOTES,
    "host": Text(_tag("wandb.host")),
    "sweep": Text(_tag("wandb.sweep")),
    "tags": Listed(_tag("wandb.tags")),
}


def parse_run_filter(text: str | None) -> Node:
    """What a filter asks of runs. Raises InvalidArgument for whatever is none."""
    return parse_filter(text, _subject)


def parse_run_order(text: str | None) -> tuple[Order, ...]:
    """What an order sorts runs by: a name, and before it `-` for descending. Raises InvalidArgument for other names."""
    if not text:
        return ()
    ascending, name = not text.startswith("-"), text.removeprefix("+").removeprefix("-").strip()
    subject = _subject(name)
    if subject is _STATE:
        return (Order(_attribute("status"), ascending),)
    if isinstance(subject, Param | Text | Number | Time | Listed):
        return (Order(subject.field, ascending, as_number=isinstance(subject, Param)),)
    raise InvalidArgument(f"Invalid order: runs are not sorted by '{name[:100]}'")


def _subject(name: str) -> Subject:
    subject = _SUBJECTS.get(name)
    if subject is not None:
        return subject
    head, dot, key = name.partition(".")
    if dot and key and head == _CONFIG:
        return Param(Field(FieldKind.PARAM, _config_key(key)))
    if dot and key and head in _SUMMARIES:
        return Number(Field(FieldKind.METRIC, key))
    known = ", ".join(sorted(_SUBJECTS))
    raise InvalidArgument(
        f"Invalid filter or order: runs have no '{name[:100]}'; they have {known}, config.KEY and summary_metrics.KEY"
    )


def _config_key(key: str) -> str:
    """The param's name: of `lr.value` and `model.value.depth`, as the config's document has it, without that level."""
    first, *rest = key.split(".")
    return ".".join((first, *(rest[1:] if rest[:1] == [_VALUE] else rest)))
