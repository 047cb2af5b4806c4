"""The documentation is held to the code."""

import re
from pathlib import Path

import pytest

from podium.protocols.mlflow.endpoint import BOTH, PAGES_ONLY, Call
from podium.protocols.mlflow.routes import ENDPOINTS
from podium.settings import ENVIRONMENT_PREFIX, Settings

DOCS = Path(__file__).parent.parent / "docs"
# Beside the endpoints of the protocol's table: paths that the compatibility page names as left out have no method.
_LISTED = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) [^`]+)`( \*\(pages\)\*)?")


def endpoint_names() -> set[str]:
    names = set()
    for endpoint in ENDPOINTS:
        path = re.sub(r":path\}", "}", endpoint.path)
        if isinstance(endpoint, Call):
            path = f"{endpoint.version}/mlflow/{path}"
        elif set(endpoint.prefixes) & {*BOTH}:
            path = f"{endpoint.version}/{path}"
        else:
            path = f"/{path}"
        mark = " (pages)" if endpoint.prefixes == PAGES_ONLY else ""
        names.add(f"{endpoint.method} {path}{mark}")
    return names


def test_the_compatibility_page_lists_exactly_the_endpoints_that_are_there():
    page = (DOCS / "compatibility.md").read_text()
    listed = {match[1] + (" (pages)" if match[2] else "") for match in _LISTED.finditer(page)}
    assert listed == endpoint_names()


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_documented(name: str):
    page = (DOCS / "operations.md").read_text()
    for form in (f"`--{name.replace('_', '-')}`", f"`{ENVIRONMENT_PREFIX}{name.upper()}`", f"`{name}`"):
        assert form in page


def test_links_between_pages_lead_somewhere():
    root = DOCS.parent
    for page in [*DOCS.glob("*.md"), *root.glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
