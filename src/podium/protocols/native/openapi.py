"""The OpenAPI 3.1 document of the endpoints."""

from typing import Any

import msgspec

from podium.protocols.native.endpoint import PREFIX, TEAM_HEADER, Call, Endpoint, Stream, Topic, has_body, split_request
from podium.protocols.native.errors import PROBLEM_TYPE, Problem, problem_type

Json = dict[str, Any]

_REF = "#/components/schemas/{name}"
_INTRODUCTION = """\
The API of Podium itself: the home of what the clients' protocols lack.

Errors are problem details (RFC 9457). Times are RFC 3339 in UTC. A list answers `items` and `next_cursor`: hand that
back as `cursor` for the next page. Names in paths are one segment each, percent-encoded. Unknown fields and query
parameters are refused by name. The header `X-Podium-Team` names the team whose things are addressed; without it, that
is the caller's home.
"""


def openapi(topics: tuple[Topic, ...], release: str) -> Json:
    """The document for these topics."""
    endpoints = [(topic.name, endpoint) for topic in topics for endpoint in topic.endpoints]
    schemas = _Schemas([endpoint for _, endpoint in endpoints])
    paths: dict[str, Json] = {}
    for tag, endpoint in endpoints:
        path = PREFIX + endpoint.path.replace(":path}", "}")
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(tag, endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Podium", "version": release, "description": _INTRODUCTION},
        "tags": [{"name": topic.name, "description": topic.description} for topic in topics],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "user": {"type": "http", "scheme": "basic"},
                "key": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{}, {"user": []}, {"key": []}],
    }


class _Schemas:
    """Every type that the endpoints name, made into schemas at once, so that shared ones are written once."""

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self.parts = {id(endpoint): split_request(endpoint) for endpoint in endpoints}
        types: list[Any] = [Problem]
        for endpoint in endpoints:
            path, rest = self.parts[id(endpoint)]
            types += [field.type for part in (path, rest) for field in msgspec.structs.fields(part)]
            if has_body(endpoint) and rest.__struct_fields__:
                types.append(rest)
            if endpoint.answer is not None:
                types.append(endpoint.answer)
        distinct = list({repr(kind) if not isinstance(kind, type) else id(kind): kind for kind in types}.values())
        made, self.components = msgspec.json.schema_components(distinct, ref_template=_REF)
        self._made = {_key(kind): schema for kind, schema in zip(distinct, made, strict=True)}

    def of(self, kind: Any) -> Json:
        """The schema, or a reference to it."""
        schema: Json = self._made[_key(kind)]
        return schema


def _key(kind: Any) -> int | str:
    return id(kind) if isinstance(kind, type) else repr(kind)


def _operation(tag: str, endpoint: Endpoint, schemas: _Schemas) -> Json:
    path, rest = schemas.parts[id(endpoint)]
    parameters = [_parameter(field, "path", schemas) for field in msgspec.structs.fields(path)]
    if not has_body(endpoint):
        parameters += [_parameter(field, "query", schemas) for field in msgspec.structs.fields(rest)]
    operation: Json = {
        "tags": [tag],
        "operationId": f"{tag.replace(' ', '_')}_{endpoint.handler.__name__}",
        "summary": endpoint.summary,
        "parameters": [*parameters, _team_parameter()],
        "responses": _responses(endpoint, schemas),
    }
    if endpoint.handler.__doc__:
        operation["description"] = endpoint.handler.__doc__
    if has_body(endpoint) and rest.__struct_fields__:
        required = any(field.required for field in msgspec.structs.fields(rest))
        operation["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": schemas.of(rest)}},
        }
    elif isinstance(endpoint, Stream) and endpoint.method == "PUT":
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation


def _parameter(field: msgspec.structs.FieldInfo, place: str, schemas: _Schemas) -> Json:
    schema = schemas.of(field.type)
    parameter: Json = {"name": field.name, "in": place, "required": field.required or place == "path"}
    if field.default not in (msgspec.NODEFAULT, msgspec.UNSET, None):
        schema = {**schema, "default": field.default}
    return {**parameter, "schema": schema}


def _team_parameter() -> Json:
    return {"name": TEAM_HEADER.title(), "in": "header", "required": False, "schema": {"type": "string"}}


def _responses(endpoint: Endpoint, schemas: _Schemas) -> Json:
    responses: Json = {
        str(endpoint.status if endpoint.answer or isinstance(endpoint, Stream) else 204): (_success(endpoint, schemas))
    }
    for error in endpoint.errors:
        _, title, status = problem_type(error)
        responses.setdefault(str(status), _failure(title, schemas))
    return {**responses, "default": _failure("Any other problem", schemas)}


def _success(endpoint: Endpoint, schemas: _Schemas) -> Json:
    if endpoint.answer is not None:
        content = {"application/json": {"schema": schemas.of(endpoint.answer)}}
        return {"description": "Done", "content": content}
    if isinstance(endpoint, Call):
        return {"description": "Done"}
    return {"description": "The bytes", "content": {"application/octet-stream": {}}}


def _failure(title: str, schemas: _Schemas) -> Json:
    return {"description": title, "content": {PROBLEM_TYPE: {"schema": schemas.of(Problem)}}}
