"""Experiments: Podium's projects in MLflow's words."""

import msgspec

from podium.domain.access import Actor
from podium.domain.projects import Project
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.grammar import EXPERIMENTS, parse_filter, parse_order
from podium.protocols.mlflow.views import ViewName, view_of
from podium.protocols.mlflow.wire import Name
from podium.services import Services
from podium.services.searching import Search


class Tag(msgspec.Struct):
    key: str = ""
    value: str = ""


class CreateExperiment(msgspec.Struct):
    name: Name
    artifact_location: str = ""
    tags: list[Tag] = []


class ExperimentId(msgspec.Struct):
    experiment_id: Name


class ExperimentName(msgspec.Struct):
    experiment_name: Name


class SearchExperiments(msgspec.Struct):
    max_results: int = 1000
    page_token: str = ""
    filter: str = ""
    order_by: list[str] = []
    view_type: ViewName | int = "ACTIVE_ONLY"


class UpdateExperiment(msgspec.Struct):
    experiment_id: Name
    new_name: Name


class SetExperimentTag(msgspec.Struct):
    experiment_id: Name
    key: Name
    value: str = ""


class DeleteExperimentTag(msgspec.Struct):
    experiment_id: Name
    key: Name


class Experiment(msgspec.Struct):
    """MLflow's `Experiment` message."""

    experiment_id: str
    name: str
    artifact_location: str
    lifecycle_stage: str
    last_update_time: int
    creation_time: int
    tags: list[Tag]
    workspace: str


class FoundExperiments(msgspec.Struct, omit_defaults=True):
    experiments: list[Experiment] = []
    next_page_token: str | None = None


class OneExperiment(msgspec.Struct):
    experiment: Experiment


class CreatedExperiment(msgspec.Struct):
    experiment_id: str


def experiment_of(project: Project, team: str) -> Experiment:
    """A project of the team as MLflow shows it."""
    return Experiment(
        experiment_id=str(project.id),
        name=project.name,
        artifact_location=project.artifact_location,
        lifecycle_stage=project.lifecycle,
        last_update_time=project.updated_at,
        creation_time=project.created_at,
        tags=[Tag(key, value) for key, value in project.tags.items()],
        workspace=team,
    )


async def create(services: Services, actor: Actor, request: CreateExperiment) -> CreatedExperiment:
    tags = {tag.key: tag.value for tag in request.tags}
    key = await services.projects.create(actor, request.name, request.artifact_location or None, tags)
    return CreatedExperiment(str(key))


async def get(services: Services, actor: Actor, request: ExperimentId) -> OneExperiment:
    return OneExperiment(experiment_of(await services.projects.get(actor, request.experiment_id), actor.team))


async def get_by_name(services: Services, actor: Actor, request: ExperimentName) -> OneExperiment:
    project = await services.projects.get_by_name(actor, request.experiment_name)
    return OneExperiment(experiment_of(project, actor.team))


async def search(services: Services, actor: Actor, request: SearchExperiments) -> FoundExperiments:
    wanted = Search(
        condition=parse_filter(request.filter, EXPERIMENTS),
        order=parse_order(request.order_by, EXPERIMENTS),
        limit=request.max_results,
        page_token=request.page_token or None,
    )
    found = await services.projects.search(actor, wanted, view_of(request.view_type))
    return FoundExperiments([experiment_of(project, actor.team) for project in found.items], found.next_page_token)


async def update(services: Services, actor: Actor, request: UpdateExperiment) -> None:
    await services.projects.rename(actor, request.experiment_id, request.new_name)


async def delete(services: Services, actor: Actor, request: ExperimentId) -> None:
    await services.projects.delete(actor, request.experiment_id)


async def restore(services: Services, actor: Actor, request: ExperimentId) -> None:
    await services.projects.restore(actor, request.experiment_id)


async def set_tag(services: Services, actor: Actor, request: SetExperimentTag) -> None:
    await services.projects.set_tag(actor, request.experiment_id, request.key, request.value)


async def delete_tag(services: Services, actor: Actor, request: DeleteExperimentTag) -> None:
    await services.projects.delete_tag(actor, request.experiment_id, request.key)


ENDPOINTS = (
    Call("POST", "experiments/create", CreateExperiment, create),
    Call("GET", "experiments/get", ExperimentId, get),
    Call("GET", "experiments/get-by-name", ExperimentName, get_by_name),
    Call("GET", "experiments/search", SearchExperiments, search),
    Call("POST", "experiments/search", SearchExperiments, search),
    Call("POST", "experiments/update", UpdateExperiment, update),
    Call("POST", "experiments/delete", ExperimentId, delete),
    Call("POST", "experiments/restore", ExperimentId, restore),
    Call("POST", "experiments/set-experiment-tag", SetExperimentTag, set_tag),
    Call("POST", "experiments/delete-experiment-tag", DeleteExperimentTag, delete_tag),
)
