"""Evaluation datasets: made, found, filled with records, tagged and given to projects."""

from collections.abc import Mapping, Sequence

import msgspec

from podium.domain import names
from podium.domain.access import Actor
from podium.domain.evaluation_datasets import (
    USER_TAG,
    EvaluationDataset,
    EvaluationRecord,
    RecordContent,
    dataset_digest,
    extended,
    merged,
)
from podium.domain.events import Change, State
from podium.domain.filters import And, Field, FieldKind, Order, decode_cursor, encode_cursor, query_digest
from podium.domain.ids import new_evaluation_dataset_id, new_evaluation_record_id
from podium.errors import InvalidArgument, NotFound
from podium.services.context import Context
from podium.services.projects import project_to_fill
from podium.services.searching import Found, Search, check_limit, find_page
from podium.store import evaluation_datasets as rows
from podium.store.transaction import Tx

MAX_LISTED = 1000
MAX_NAME = 255
MAX_TAG_VALUE = 5000

_NEWEST_FIRST = (Order(Field(FieldKind.ATTRIBUTE, "created_at"), ascending=False),)


class Counts(msgspec.Struct, frozen=True):
    """How many records were new, and how many were known by their inputs."""

    inserted: int
    updated: int


class EvaluationDatasets:
    """What the actor may do with its team's evaluation datasets."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def create(
        self, actor: Actor, name: str, project_ids: Sequence[str], tags: Mapping[str, str]
    ) -> EvaluationDataset:
        """A new dataset without records. Names may repeat; the id is what tells datasets apart."""
        names.check_length("name", name, MAX_NAME)
        names.check_text("name", name)
        _check_tags(tags)

        def work(tx: Tx) -> EvaluationDataset:
            team, at = self._context.team_id(tx, actor), self._context.clock()
            projects = [project_to_fill(tx, actor, team, project_id).id for project_id in project_ids]
            key = rows.insert_dataset(
                tx,
                team,
                dataset_id=new_evaluation_dataset_id(),
                name=name,
                digest=dataset_digest(name, at),
                created_by=tags.get(USER_TAG),
                at=at,
            )
            rows.upsert_tags(tx, key, tags)
            rows.insert_projects(tx, key, projects)
            [made] = rows.load_datasets(tx, [key])
            self._record(tx, actor, team, made, "create", after={"name": name, "tags": made.tags}, at=at)
            return made

        return await self._context.store.write(work)

    async def get(self, actor: Actor, dataset_id: str) -> EvaluationDataset:
        """The dataset without its records. Raises NotFound."""
        return await self._context.store.read(lambda tx: self._require(tx, actor, dataset_id)[1])

    async def search(self, actor: Actor, project_ids: Sequence[str], search: Search) -> Found[EvaluationDataset]:
        """A page of datasets, of those that belong to one of the projects if any are given, the newest first."""
        check_limit(search.limit, MAX_LISTED)
        keys = [int(key) for key in project_ids if key.isdecimal() and len(key) <= 18] if project_ids else None
        search = msgspec.structs.replace(search, order=search.order or _NEWEST_FIRST)

        def work(tx: Tx) -> Found[EvaluationDataset]:
            team = self._context.team_id(tx, actor)
            page = find_page(
                search,
                f"evaluation_datasets/{team}/{keys}",
                lambda query: rows.search_datasets(tx, team, project_ids=keys, query=query),
            )
            return Found(rows.load_datasets(tx, page.items), page.next_page_token)

        return await self._context.store.read(work)

    async def delete(self, actor: Actor, dataset_id: str) -> None:
        """Delete a dataset for good, with its records; one that is not there is no error."""

        def work(tx: Tx) -> None:
            team = self._context.team_id(tx, actor)
            key = rows.find_dataset_key(tx, team, dataset_id, lock=True)
            if key is not None:
                [known] = rows.load_datasets(tx, [key])
                rows.delete_dataset(tx, key)
                self._record(
                    tx, actor, team, known, "delete", {"records": known.record_count}, at=self._context.clock()
                )

        await self._context.store.write(work)

    async def set_tags(self, actor: Actor, dataset_id: str, tags: Mapping[str, str | None]) -> None:
        """Set tags, and take those off whose value is None; those that are not named stay."""
        given = {key: value for key, value in tags.items() if value is not None}
        _check_tags(given)

        def work(tx: Tx) -> None:
            team, known = self._require(tx, actor, dataset_id, lock=True)
            rows.upsert_tags(tx, known.key, given)
            for key in tags.keys() - given.keys():
                rows.delete_tag(tx, known.key, key)
            before = {key: known.tags[key] for key in tags if key in known.tags}
            self._record(tx, actor, team, known, "set_tag", before or None, dict(tags), at=self._context.clock())

        await self._context.store.write(work)

    async def delete_tag(self, actor: Actor, dataset_id: str, key: str) -> None:
        """Take a tag off; one that is not there is no error."""

        def work(tx: Tx) -> None:
            team, known = self._require(tx, actor, dataset_id, lock=True)
            if key in known.tags:
                rows.delete_tag(tx, known.key, key)
                before, at = {key: known.tags[key]}, self._context.clock()
                self._record(tx, actor, team, known, "delete_tag", before, at=at)

        await self._context.store.write(work)

    async def add_projects(self, actor: Actor, dataset_id: str, project_ids: Sequence[str]) -> EvaluationDataset:
        """Let a dataset belong to more projects. Raises NotFound for one that is not there."""

        def work(tx: Tx) -> EvaluationDataset:
            team, known = self._require(tx, actor, dataset_id, lock=True)
            rows.insert_projects(
                tx, known.key, [project_to_fill(tx, actor, team, project_id).id for project_id in project_ids]
            )
            return rows.load_datasets(tx, [known.key])[0]

        return await self._context.store.write(work)

    async def remove_projects(self, actor: Actor, dataset_id: str, project_ids: Sequence[str]) -> EvaluationDataset:
        """Let a dataset no longer belong to projects; to those that it does not belong to, nothing happens."""
        keys = [int(key) for key in project_ids if key.isdecimal() and len(key) <= 18]

        def work(tx: Tx) -> EvaluationDataset:
            _, known = self._require(tx, actor, dataset_id, lock=True)
            rows.delete_projects(tx, known.key, keys)
            return rows.load_datasets(tx, [known.key])[0]

        return await self._context.store.write(work)

    async def upsert_records(self, actor: Actor, dataset_id: str, told: Sequence[RecordContent]) -> Counts:
        """Add records; one whose inputs are known is joined with what is there."""

        def work(tx: Tx) -> Counts:
            _, dataset = self._require(tx, actor, dataset_id, lock=True)
            at = self._context.clock()
            known = rows.records_by_hash(tx, dataset.key, [content.input_hash for content in told])
            counts, changed = _merge(known, told, at)
            rows.upsert_records(tx, dataset.key, changed)
            users = [content.user for content in told if content.user]
            rows.update_dataset(
                tx,
                dataset.key,
                digest=dataset_digest(dataset.name, at),
                schema=extended(dataset.schema, told) if told else dataset.schema,
                updated_by=users[-1] if users else None,
                at=at,
            )
            return counts

        return await self._context.store.write(work)

    async def list_records(
        self, actor: Actor, dataset_id: str, limit: int, page_token: str | None
    ) -> Found[EvaluationRecord]:
        """A page of a dataset's records, in the order they came."""
        check_limit(limit, MAX_LISTED)
        digest = query_digest(f"evaluation_records/{dataset_id}", And(), ())
        [after] = decode_cursor(page_token, digest) if page_token else (0,)
        if not isinstance(after, int):
            raise InvalidArgument("Invalid page token, another release of the server gave it")

        def work(tx: Tx) -> Found[EvaluationRecord]:
            _, dataset = self._require(tx, actor, dataset_id)
            found = rows.select_records(tx, dataset.key, after=after, limit=limit + 1)
            page = found[:limit]
            token = encode_cursor((page[-1].key,), digest) if len(found) > limit else None
            return Found(page, token)

        return await self._context.store.read(work)

    async def delete_records(self, actor: Actor, dataset_id: str, record_ids: list[str]) -> int:
        """The number of records that were there to delete."""

        def work(tx: Tx) -> int:
            _, dataset = self._require(tx, actor, dataset_id, lock=True)
            count = rows.delete_records(tx, dataset.key, record_ids)
            if count:
                at = self._context.clock()
                digest = dataset_digest(dataset.name, at)
                rows.update_dataset(
                    tx, dataset.key, digest=digest, schema=dataset.schema, updated_by=dataset.updated_by, at=at
                )
            return count

        return await self._context.store.write(work)

    def _require(self, tx: Tx, actor: Actor, dataset_id: str, *, lock: bool = False) -> tuple[int, EvaluationDataset]:
        team = self._context.team_id(tx, actor)
        key = rows.find_dataset_key(tx, team, dataset_id, lock=lock)
        if key is None:
            raise NotFound(f"Evaluation dataset with id '{dataset_id}' not found")
        return team, rows.load_datasets(tx, [key])[0]

    def _record(
        self,
        tx: Tx,
        actor: Actor,
        team: int,
        dataset: EvaluationDataset,
        action: str,
        before: State = None,
        after: State = None,
        *,
        at: int,
    ) -> None:
        change = Change("evaluation_dataset", dataset.dataset_id, dataset.name, action, before, after)
        self._context.record(tx, actor, team, change, at=at)


def _merge(
    known: Mapping[str, EvaluationRecord], told: Sequence[RecordContent], at: int
) -> tuple[Counts, list[EvaluationRecord]]:
    records = dict(known)
    inserted = 0
    for content in told:
        before = records.get(content.input_hash)
        if before is None:
            inserted += 1
            record_id, user = new_evaluation_record_id(), content.user
            records[content.input_hash] = EvaluationRecord(0, record_id, content, at, at, user, user)
        else:
            records[content.input_hash] = msgspec.structs.replace(
                before,
                content=merged(before.content, content),
                updated_at=at,
                updated_by=content.user or before.updated_by,
            )
    return Counts(inserted, len(told) - inserted), list(records.values())


def _check_tags(tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        names.check_tag(key, value, MAX_TAG_VALUE)
