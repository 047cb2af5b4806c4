"""Runs: made, read, changed, deleted and restored, and their tags."""

from typing import Literal

import msgspec

from podium.domain.access import Actor
from podium.domain.runs import STATUSES, Int64, RunStatus
from podium.protocols.mlflow.endpoint import Call
from podium.protocols.mlflow.run_shapes import RunInfo, RunMessage, encoded_run, info_of, run_of
from podium.protocols.mlflow.wire import Name, missing
from podium.services import Services


class OfRun(msgspec.Struct, kw_only=True):
    """A request about one run. Old clients name it in `run_uuid`."""

    run_id: str = ""
    run_uuid: str = ""

    @property
    def run(self) -> str:
        """The id of the run. Raises InvalidArgument when there is none."""
        if not self.run_id and not self.run_uuid:
            raise missing("run_id")
        return self.run_id or self.run_uuid


class Tag(msgspec.Struct):
    key: Name
    value: str = ""


class CreateRun(msgspec.Struct):
    experiment_id: str = "0"
    user_id: str = ""
    run_name: str = ""
    start_time: Int64 = 0
    tags: list[Tag] = []


class UpdateRun(OfRun):
    """`status` is also understood as the number that protobuf gives it."""

    status: RunStatus | Literal[1, 2, 3, 4, 5] | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class SetTag(OfRun):
    key: Name
    value: str = ""


class DeleteTag(OfRun):
    key: Name


class OneRun(msgspec.Struct):
    run: RunMessage


class EncodedRun(msgspec.Struct):
    """`OneRun`, in JSON already."""

    run: msgspec.Raw


class UpdatedRun(msgspec.Struct):
    run_info: RunInfo


async def create(services: Services, actor: Actor, request: CreateRun) -> OneRun:
    run = await services.runs.create(
        actor,
        request.experiment_id,
        name=request.run_name,
        user_id=request.user_id,
        start_time=request.start_time,
        tags={tag.key: tag.value for tag in request.tags},
    )
    return OneRun(run_of(run))


async def get(services: Services, actor: Actor, request: OfRun) -> OneRun:
    return OneRun(run_of(await services.runs.get(actor, request.run)))


async def get_encoded(services: Services, actor: Actor, request: OfRun) -> EncodedRun:
    return EncodedRun(msgspec.Raw(await services.run_search.get_form(actor, request.run, encoded_run)))


async def update(services: Services, actor: Actor, request: UpdateRun) -> UpdatedRun:
    status = STATUSES[request.status - 1] if isinstance(request.status, int) else request.status
    run = await services.runs.update(
        actor, request.run, status=status, end_time=request.end_time, name=request.run_name
    )
    return UpdatedRun(info_of(run))


async def delete(services: Services, actor: Actor, request: OfRun) -> None:
    await services.runs.delete(actor, request.run)


async def restore(services: Services, actor: Actor, request: OfRun) -> None:
    await services.runs.restore(actor, request.run)


async def set_tag(services: Services, actor: Actor, request: SetTag) -> None:
    await services.runs.set_tag(actor, request.run, request.key, request.value)


async def delete_tag(services: Services, actor: Actor, request: DeleteTag) -> None:
    await services.runs.delete_tag(actor, request.run, request.key)


ENDPOINTS = (
    Call("POST", "runs/create", CreateRun, create),
    Call("GET", "runs/get", OfRun, get_encoded),
    Call("POST", "runs/update", UpdateRun, update),
    Call("POST", "runs/delete", OfRun, delete),
    Call("POST", "runs/restore", OfRun, restore),
    Call("POST", "runs/set-tag", SetTag, set_tag),
    Call("POST", "runs/delete-tag", DeleteTag, delete_tag),
)
