"""The ids that clients know things by, which people and programs write by hand: read in one place, with one message."""

from podium.domain.lineage import Kind
from podium.domain.subjects import SubjectKind
from podium.errors import InvalidArgument

_VERSIONS = ("version", "model_version")
_NUMBERED = ("artifact", "dataset", "project")
_MAX_DIGITS = 18  # what both databases take


def values_of(kind: Kind | SubjectKind, public_id: str) -> dict[str, str | int]:
    """What a public id says: the name and the number of a version in `name/3`, the number of an artifact, dataset or
    project; of all others it is the id or the name itself. Raises InvalidArgument.
    """
    if kind in _VERSIONS:
        name, _, version = public_id.rpartition("/")
        if not name or not _is_number(version):
            raise InvalidArgument(f"'{public_id[:200]}' names no version: expected its model's name, '/', a number.")
        return {"id": name, "version": int(version)}
    if kind not in _NUMBERED:
        return {"id": public_id}
    if not _is_number(public_id):
        raise InvalidArgument(f"'{public_id[:200]}' is no id of {kind}s: expected a number.")
    return {"id": int(public_id)}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
