"""The GraphQL documents that W&B's installed client can send: those in its Python source, and in its Go program."""

import ast
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_DOCUMENT = re.compile(r"\s*(?:#graphql\s*)?(?:query|mutation)\s+(\w+)\s*[({]")
_CORE_DOCUMENT = re.compile(rb"(?:query|mutation) \w+ ?[({]")
_CORE_FRAGMENT = re.compile(rb"\s*fragment \w+ on \w+ ")
# What the client puts into documents that it composes, by the expression that stands in its source.
_LOCALS = {
    "fragment_name": "RunFragment",
    "node": "history",
    "', '.join(query_vars)": "$entityName: String!, $projectName: String!, $runName: String!, $artifactID: ID!, "
    "$usedAs: String, $artifactEntityName: String, $artifactProjectName: String",
    "', '.join(query_args)": "entityName: $entityName, projectName: $projectName, runName: $runName, "
    "artifactID: $artifactID, usedAs: $usedAs, artifactEntityName: $artifactEntityName, "
    "artifactProjectName: $artifactProjectName",
    "mutation_params": "$queueName: String!",
    "mutation_input": "queueName: $queueName",
}


def name_of(document: str) -> str:
    """The operation's name."""
    found = _DOCUMENT.match(document)
    assert found, document
    return found.group(1)


def python_documents() -> Iterator[str]:
    """Those in the source, composed ones with all their parts."""
    for path in sorted(_package().rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if "vendor" not in path.parts and re.search(r"(query|mutation)\s+\w+\s*[({]", source):
            yield from _documents_in(ast.parse(source))


def core_documents() -> Iterator[str]:
    """Those in the program that speaks to the server."""
    program = (_package() / "bin" / "wandb-core").read_bytes()
    for found in _CORE_DOCUMENT.finditer(program):
        end = _end_of_block(program, found.start())
        while _CORE_FRAGMENT.match(program, end):
            end = _end_of_block(program, end)
        yield program[found.start() : end].decode("ascii")


def _package() -> Path:
    spec = find_spec("wandb")
    assert spec, "wandb is installed for the tests"
    assert spec.origin, "it has a folder"
    return Path(spec.origin).parent


def _documents_in(module: ast.Module) -> Iterator[str]:
    constants = {ast.unparse(node.targets[0]): node.value for node in module.body if isinstance(node, ast.Assign)}
    inner: set[ast.AST] = set()
    for node in ast.walk(module):
        if node not in inner:
            inner.update(_texts_within(node))
            text = _text(node, constants)
            if text and _DOCUMENT.match(text):
                yield text


def _texts_within(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.JoinedStr) or _is_format(node):
        yield from (part for part in ast.walk(node) if part is not node)


def _is_format(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
        and isinstance(node.func.value, ast.Constant)
    )


def _text(node: ast.AST, constants: dict[str, ast.expr]) -> str | None:
    """The text that an expression gives, None when it is none that can be a document."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_part(value, constants) for value in node.values)
    if isinstance(node, ast.Call) and _is_format(node):
        template = ast.literal_eval(node.func.value)  # type: ignore[attr-defined]
        return template.format(*(_part(value, constants) for value in node.args)) if not node.keywords else None
    return None


def _part(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    if isinstance(node, ast.FormattedValue):
        return _part(node.value, constants)
    if isinstance(node, ast.IfExp):
        return _part(node.body, constants)
    name = ast.unparse(node)
    if name == "fragment" and "RUN_FRAGMENT" in constants:
        return _part(constants["RUN_FRAGMENT"], constants)
    return _LOCALS.get(name) or _text(constants.get(name, node), constants) or ""


def _end_of_block(program: bytes, start: int) -> int:
    depth, place = 0, program.index(b"{", start)
    while True:
        depth += {ord("{"): 1, ord("}"): -1}.get(program[place], 0)
        place += 1
        if depth == 0:
            return place
