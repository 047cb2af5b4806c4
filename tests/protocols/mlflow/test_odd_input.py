"""Requests that no client means to send: whatever the fields hold, the answer is the client's error, not the server's.

Which fields there are is read from the endpoints' request structs, so that a new endpoint is covered at once.
"""

import json
import random
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import quote, urlencode

import httpx
import msgspec
import pytest

from podium.protocols.mlflow.endpoint import BOTH, Call
from podium.protocols.mlflow.routes import ENDPOINTS

ROUNDS = 3
TEXTS = [
    "",
    "a\x00b",
    "\ud800",
    "é",
    "0",
    "-1",
    "9" * 20,
    "1e400",
    "../x",
    "x" * 3000,
    "models:/a/1",
    "runs:/x/y",
    "'",
    "a =",
]
TEXTS += ["http://[", "²", "metrics.x > 1", '{"a": "\\ud800"}', "M", "k"]
NUMBERS = [0, -1, 2**63 - 1, 2**63, 10**30, 1.5, "1", "x", float("nan"), float("inf"), True]
OTHERS = [None, [], {}, [[]], [None], {"a": 1}, 5, ["x"]]
CALLS = [call for call in ENDPOINTS if isinstance(call, Call) and call.prefixes == BOTH and "{" not in call.path]
# Their answer says that a part of MLflow is not offered.
NOT_OFFERED = {501}


def value_for(kind: Any, chance: random.Random) -> Any:
    """Something for a field of this type; often of another one."""
    if chance.random() < 0.1:
        return chance.choice(OTHERS)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (list, tuple):
        return [value_for(arguments[0], chance) for _ in range(chance.randint(0, 2))]
    if origin is dict:
        return {chance.choice(TEXTS): value_for(arguments[1], chance)}
    if arguments:  # the annotated type, one of a union, one of a choice of words
        return value_for(arguments[0] if origin is Annotated else chance.choice(arguments), chance)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return request_for(kind, chance)
    return chance.choice(NUMBERS if kind in (int, float, bool) else [*TEXTS, kind] if isinstance(kind, str) else TEXTS)


def request_for(kind: type[msgspec.Struct], chance: random.Random) -> dict[str, Any]:
    """A request, most of whose required fields are there."""
    return {
        field.encode_name: value_for(field.type, chance)
        for field in msgspec.structs.fields(kind)
        if chance.random() < (0.95 if field.required else 0.4)
    }


def send(http: httpx.Client, call: Call, request: dict[str, Any]) -> httpx.Response:
    url = f"/api/{call.version}/mlflow/{call.path}"
    if call.method == "GET":
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in request.items()}
        pairs = {key: value.encode(errors="surrogatepass") for key, value in texts.items()}
        return http.get(f"{url}?{urlencode(pairs, quote_via=quote)}")
    return http.request(call.method, url, content=json.dumps(request))


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_nothing_is_answered_with_an_internal_error(http, seed):
    chance = random.Random(seed)
    http.post("/api/2.0/mlflow/registered-models/create", json={"name": "M"})
    failed = []
    for call in CALLS:
        for _ in range(4):
            request = request_for(call.request, chance)
            answer = send(http, call, request)
            if answer.status_code >= 500 and answer.status_code not in NOT_OFFERED:
                failed.append((call.method, call.path, request, answer.text))
            elif not answer.is_success:
                assert answer.json()["error_code"], answer.text
    assert failed == []


def test_names_that_are_not_utf8_do_not_become_the_same_name(http):
    answer = http.put("/api/2.0/mlflow-artifacts/artifacts/%ff", content=b"x")
    assert answer.status_code == 400
    assert "UTF-8" in answer.json()["message"]
