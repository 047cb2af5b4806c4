"""Evaluation datasets: records are told apart by their inputs."""

import asyncio

import msgspec
import pytest

from podium.domain.access import Actor
from podium.domain.evaluation_datasets import RecordContent
from podium.domain.filters import And
from podium.errors import NotFound
from podium.protocols.mlflow.grammar import EVALUATION_DATASETS, parse_filter, parse_order
from podium.services.audit import Audit
from podium.services.evaluation_datasets import Counts, EvaluationDatasets
from podium.services.projects import Projects
from podium.services.searching import Search
from podium.store.engine import Store
from support.files import context_of

ACTOR = Actor("ada")


@pytest.fixture
def context(store: Store, tmp_path):
    context, _ = context_of(store, tmp_path)
    ticks = iter(range(1_000, 9_000))
    return msgspec.structs.replace(context, clock=lambda: next(ticks))


@pytest.fixture
def datasets(context) -> EvaluationDatasets:
    return EvaluationDatasets(context)


def question(text: str, **content) -> RecordContent:
    return RecordContent(inputs={"question": text}, **content)


def test_records_with_the_same_inputs_are_joined(datasets: EvaluationDatasets):
    made = asyncio.run(datasets.create(ACTOR, "quiz", ["0"], {"mlflow.user": "ada"}))
    assert (made.schema, made.record_count, made.created_by, made.project_ids) == (None, 0, "ada", (0,))

    first = [question("a", expectations={"answer": 1}), question("b", outputs="x"), question("b", outputs="y")]
    assert asyncio.run(datasets.upsert_records(ACTOR, made.dataset_id, first)) == Counts(2, 1)
    more = [question("a", expectations={"score": 0.5}, tags={"mlflow.user": "bob"}), question("c")]
    assert asyncio.run(datasets.upsert_records(ACTOR, made.dataset_id, more)) == Counts(1, 1)

    known = asyncio.run(datasets.get(ACTOR, made.dataset_id))
    assert known.schema == {
        "inputs": {"question": "string"},
        "outputs": "string",
        "expectations": {"answer": "integer", "score": "float"},
        "version": "1.0",
    }
    assert (known.record_count, known.updated_by) == (3, "bob")
    assert known.digest != made.digest

    pages, token = [], None
    while True:
        page = asyncio.run(datasets.list_records(ACTOR, made.dataset_id, 2, token))
        pages.append([record.content for record in page.items])
        token = page.next_page_token
        if token is None:
            break
    assert pages == [
        [
            question("a", expectations={"answer": 1, "score": 0.5}, tags={"mlflow.user": "bob"}),
            question("b", outputs="y"),
        ],
        [question("c")],
    ]

    record = asyncio.run(datasets.list_records(ACTOR, made.dataset_id, 1, None)).items[0]
    assert asyncio.run(datasets.delete_records(ACTOR, made.dataset_id, [record.record_id, "none"])) == 1
    assert asyncio.run(datasets.get(ACTOR, made.dataset_id)).record_count == 2


def test_datasets_belong_to_projects_and_are_searched(context, datasets: EvaluationDatasets):
    other = str(asyncio.run(Projects(context).create(ACTOR, "other", None, {})))
    made = {
        name: asyncio.run(datasets.create(ACTOR, name, projects, {"team": team})).dataset_id
        for name, projects, team in (("a", ["0"], "ml"), ("b", ["0", other], "data"), ("c", [other], "ml"))
    }

    def found(text: str = "", projects=(), order=()) -> str:
        search = Search(parse_filter(text, EVALUATION_DATASETS), parse_order(order, EVALUATION_DATASETS))
        return " ".join(one.name for one in asyncio.run(datasets.search(ACTOR, projects, search)).items)

    assert found() == "c b a"
    assert found(projects=["0"], order=["name ASC"]) == "a b"
    assert found("tags.team = 'ml' AND name != 'a'") == "c"
    assert asyncio.run(datasets.add_projects(ACTOR, made["a"], [other, "0"])).project_ids == (0, int(other))
    assert asyncio.run(datasets.remove_projects(ACTOR, made["b"], ["0", "77"])).project_ids == (int(other),)
    with pytest.raises(NotFound):
        asyncio.run(datasets.add_projects(ACTOR, made["a"], ["77"]))

    asyncio.run(datasets.set_tags(ACTOR, made["a"], {"team": "web"}))
    asyncio.run(datasets.delete_tag(ACTOR, made["c"], "team"))
    asyncio.run(datasets.delete(ACTOR, made["b"]))
    asyncio.run(datasets.delete(ACTOR, made["b"]))
    assert found("tags.team = 'web'") == "a"
    assert found("tags.team IS NULL") == "c"
    with pytest.raises(NotFound):
        asyncio.run(datasets.get(ACTOR, made["b"]))
    assert asyncio.run(Audit(context).verify_chain()) is None


def test_datasets_of_another_team_are_not_there(context, datasets: EvaluationDatasets):
    add = "INSERT INTO teams (name, created_at, updated_at) VALUES ('red', 0, 0)"
    asyncio.run(context.store.write(lambda tx: tx.run(add)))
    made = asyncio.run(datasets.create(ACTOR, "quiz", [], {}))
    stranger = Actor("eve", "red")
    with pytest.raises(NotFound):
        asyncio.run(datasets.get(stranger, made.dataset_id))
    asyncio.run(datasets.delete(stranger, made.dataset_id))
    assert asyncio.run(datasets.search(stranger, [], Search(And()))).items == []
    assert asyncio.run(datasets.get(ACTOR, made.dataset_id)).name == "quiz"
