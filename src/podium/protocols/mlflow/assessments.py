"""Assessments of traces."""

import re

import msgspec

from podium.domain.access import Actor
from podium.errors import InvalidArgument
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.trace_shapes import AssessmentMessage, assessment_from, assessment_of, verdict_from
from podium.protocols.mlflow.traces import V3
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.assessments import AssessmentUpdate
from podium.services.context import now_ms


class CreateAssessment(msgspec.Struct):
    trace_id: Name
    assessment: AssessmentMessage


class AssessmentId(msgspec.Struct):
    trace_id: Name
    assessment_id: Name


class UpdateAssessment(msgspec.Struct):
    trace_id: Name
    assessment_id: Name
    assessment: AssessmentMessage
    update_mask: Name


class OneAssessment(msgspec.Struct):
    assessment: AssessmentMessage


async def create(services: Services, actor: Actor, request: CreateAssessment) -> OneAssessment:
    if not request.assessment.assessment_name:
        raise InvalidArgument("Missing value for required parameter 'assessment.assessment_name'.")
    assessment = assessment_from(request.assessment, request.trace_id, now_ms())
    return OneAssessment(assessment_of(await services.assessments.create(actor, assessment)))


async def get(services: Services, actor: Actor, request: AssessmentId) -> OneAssessment:
    return OneAssessment(assessment_of(await services.assessments.get(actor, request.trace_id, request.assessment_id)))


async def update(services: Services, actor: Actor, request: UpdateAssessment) -> OneAssessment:
    changed = await services.assessments.update(
        actor, request.trace_id, request.assessment_id, _update(request.assessment, request.update_mask)
    )
    return OneAssessment(assessment_of(changed))


async def delete(services: Services, actor: Actor, request: AssessmentId) -> None:
    await services.assessments.delete(actor, request.trace_id, request.assessment_id)


def _update(message: AssessmentMessage, mask: str) -> AssessmentUpdate:
    """What the mask names of the message; its names come in either of protobuf's two forms."""
    named = {re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", path.strip()) for path in mask.split(",")}
    return AssessmentUpdate(
        name=message.assessment_name if "assessment_name" in named else None,
        verdict=verdict_from(message) if named & {"feedback", "expectation"} else None,
        rationale=(message.rationale or "") if "rationale" in named else None,
        metadata=message.metadata if "metadata" in named else None,
    )


ENDPOINTS = (
    Call("POST", "traces/{trace_id}/assessments", CreateAssessment, create, V3),
    Call("GET", "traces/{trace_id}/assessments/{assessment_id}", AssessmentId, get, V3),
    Call("PATCH", "traces/{trace_id}/assessments/{assessment_id}", UpdateAssessment, update, V3),
    Call("DELETE", "traces/{trace_id}/assessments/{assessment_id}", AssessmentId, delete, V3),
)
