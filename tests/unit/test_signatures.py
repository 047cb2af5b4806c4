"""Which changes of a model's signature break those who call it."""

import json

import pytest

from podium.domain.signatures import Signature, parse_signature, signature_changes


def signature(inputs=(), outputs=(), params=()) -> Signature:
    parts = {"inputs": inputs, "outputs": outputs, "params": params}
    found = parse_signature({"signature": {name: json.dumps(list(part)) for name, part in parts.items() if part}})
    assert found is not None
    return found


def column(name, kind="double", **more):
    return {"name": name, "type": kind, **more}


def tensor(*shape, dtype="float64", **more):
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}, **more}


def told(old, new):
    return {(each.part, each.sort, each.name, each.breaking) for each in signature_changes(old, new)}


AGE, INCOME = column("age", "long"), column("income")


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        ([AGE, INCOME], [AGE], ("inputs", "removed", "income", True)),
        ([AGE, INCOME], [AGE, column("salary")], ("inputs", "renamed", "income", True)),
        ([AGE], [column("age", "string")], ("inputs", "retyped", "age", True)),
        ([AGE], [AGE, INCOME], ("inputs", "added", "income", True)),
        ([AGE], [AGE, column("income", required=False)], ("inputs", "added", "income", False)),
        ([AGE], [column("age", "long", required=False)], ("inputs", "optional", "age", False)),
        ([column("age", "long", required=False)], [AGE], ("inputs", "required", "age", True)),
        ([tensor(-1, 4)], [tensor(-1, 13)], ("inputs", "retyped", "0", True)),
    ],
)
def test_a_change_of_the_inputs(old, new, change):
    assert told(signature(old), signature(new)) == {change}


def test_any_change_of_the_outputs_breaks_who_reads_them():
    old, new = signature(outputs=[column("label", "long")]), signature(outputs=[column("label", "string"), INCOME])
    assert told(old, new) == {("outputs", "retyped", "label", True), ("outputs", "added", "income", True)}


def test_params_have_defaults_so_that_only_losing_one_breaks():
    old = signature([AGE], params=[{"name": "top_k", "dtype": "long", "default": 5, "shape": None}])
    new = signature([AGE], params=[{"name": "top_k", "dtype": "long", "default": 9, "shape": None}])
    more = signature([AGE], params=[*({"name": "top_k", "dtype": "long", "default": 5},), {"name": "t", "default": 1}])
    assert told(old, new) == {("params", "default", "top_k", False)}
    assert told(old, more) == {("params", "added", "t", False)}
    assert told(old, signature([AGE])) == {("params", "removed", "top_k", True)}


def test_columns_in_another_order_are_the_same():
    assert signature_changes(signature([AGE, INCOME]), signature([INCOME, AGE])) == []


def test_what_breaks_comes_first():
    old, new = signature([AGE]), signature([column("age", "string"), column("a", required=False)])
    assert [change.breaking for change in signature_changes(old, new)] == [True, False]


@pytest.mark.parametrize("given", [None, 7, {}, {"inputs": "no JSON"}, {"inputs": '["x"]'}, {"inputs": '{"a": 1}'}])
def test_what_is_no_signature_is_none(given):
    assert parse_signature({"signature": given}) is None


def test_types_are_told_as_people_read_them():
    found = signature([tensor(-1, 28, 28, dtype="uint8"), column("tags", "array", items={"type": "string"})])
    assert [field.type for field in found.inputs] == ["uint8 (-1, 28, 28)", 'array {"items": {"type": "string"}}']
