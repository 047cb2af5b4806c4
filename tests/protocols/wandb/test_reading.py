"""How the fields of an answer are read from what resolvers return."""

from graphql import build_schema, graphql_sync

from podium.protocols.wandb.graph.execute import read_field


def test_what_is_not_there_is_null_and_a_required_list_is_empty():
    schema = build_schema("type Query { lineCount: Int, runLines: [String!]!, notes: String, tags: [String!] }")
    answer = graphql_sync(
        schema, "{ lineCount runLines notes tags }", root_value={"line_count": 3}, field_resolver=read_field
    )
    assert answer.data == {"lineCount": 3, "runLines": [], "notes": None, "tags": None}


def test_a_change_that_nobody_makes_is_refused_by_name():
    schema = build_schema(
        "type Query { notes: String } type Mutation { stopRun: Stopped } type Stopped { done: Boolean }"
    )
    answer = graphql_sync(schema, "mutation { stopRun { done } }", field_resolver=read_field)
    assert answer.errors
    assert answer.errors[0].message == "This server does not offer 'stopRun'."
