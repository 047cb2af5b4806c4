"""Assessments of traces: feedback, expectations and issues. Like traces they are logged, not governed."""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain import names
from podium.domain.access import Actor
from podium.domain.ids import new_assessment_id
from podium.domain.traces import Assessment, AssessmentError, AssessmentKind
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.traces import require_trace
from podium.store import assessments as rows
from podium.store.traces import find_keys
from podium.store.transaction import Tx


class Verdict(msgspec.Struct, frozen=True):
    """What an assessment says: any JSON value, or the error that came instead of one."""

    kind: AssessmentKind
    value: Any
    error: AssessmentError | None = None


class AssessmentUpdate(msgspec.Struct, frozen=True):
    """What to change; None leaves as it is, and metadata is added to what is there."""

    name: str | None = None
    verdict: Verdict | None = None
    rationale: str | None = None
    metadata: Mapping[str, str] | None = None


class Assessments:
    """What the actor may do with assessments of its team's traces."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(self, actor: Actor, assessment: Assessment) -> Assessment:
        """The assessment as stored; an empty id gets a new one. The one that it overrides no longer counts.

        Raises NotFound when the trace is not there, or the assessment to override.
        """
        names.check_label("assessment_name", assessment.name, names.MAX_KEY)
        if not assessment.assessment_id:
            assessment = msgspec.structs.replace(assessment, assessment_id=new_assessment_id())

        def work(tx: Tx) -> Assessment:
            key = require_trace(tx, self._context.team_id(tx, actor), assessment.trace_id).key
            if assessment.overrides and not rows.update_valid(tx, key, assessment.overrides, valid=False):
                raise _absent(assessment.trace_id, assessment.overrides)
            rows.upsert_assessment(tx, key, assessment)
            return assessment

        return await self._context.store.write(work)

    async def get(self, actor: Actor, trace_id: str, assessment_id: str) -> Assessment:
        """The assessment of a trace that has this id. Raises NotFound."""

        def work(tx: Tx) -> Assessment:
            keys = find_keys(tx, self._context.team_id(tx, actor), [trace_id])
            known = rows.find_assessment(tx, keys[trace_id], trace_id, assessment_id) if keys else None
            if known is None:
                raise _absent(trace_id, assessment_id)
            return known

        return await self._context.store.read(work)

    async def update(self, actor: Actor, trace_id: str, assessment_id: str, update: AssessmentUpdate) -> Assessment:
        """The changed assessment. Raises InvalidArgument when its kind would change."""

        def work(tx: Tx) -> Assessment:
            key = require_trace(tx, self._context.team_id(tx, actor), trace_id).key
            known = rows.find_assessment(tx, key, trace_id, assessment_id)
            if known is None:
                raise _absent(trace_id, assessment_id)
            changed = _updated(known, update, self._context.clock())
            rows.upsert_assessment(tx, key, changed)
            return changed

        return await self._context.store.write(work)

    async def delete(self, actor: Actor, trace_id: str, assessment_id: str) -> None:
        """Delete an assessment, if it is there; one that it overrode counts again."""

        def work(tx: Tx) -> None:
            key = require_trace(tx, self._context.team_id(tx, actor), trace_id).key
            known = rows.find_assessment(tx, key, trace_id, assessment_id)
            if known is not None and known.overrides:
                rows.update_valid(tx, key, known.overrides, valid=True)
            rows.delete_assessment(tx, key, assessment_id)

        await self._context.store.write(work)


def _updated(known: Assessment, update: AssessmentUpdate, at: int) -> Assessment:
    verdict = update.verdict or Verdict(known.kind, known.value, known.error)
    if verdict.kind != known.kind:
        raise InvalidArgument(f"Cannot update {verdict.kind} value on a {known.kind.capitalize()} assessment.")
    return msgspec.structs.replace(
        known,
        name=known.name if update.name is None else update.name,
        value=verdict.value,
        error=verdict.error,
        rationale=known.rationale if update.rationale is None else update.rationale,
        metadata={**known.metadata, **(update.metadata or {})},
        updated_at=at,
    )


def _absent(trace_id: str, assessment_id: str) -> NotFound:
    return NotFound(f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'")
