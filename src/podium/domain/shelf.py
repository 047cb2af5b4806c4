"""What people look for on the shelf of artifacts, and where a page of it ends."""

import msgspec


class WantedArtifacts(msgspec.Struct, frozen=True):
    """Which collections: `text` is in the name, description or project, `type` is theirs."""

    text: str = ""
    type: str = ""
    by_name: bool = False


class ShelfPlace(msgspec.Struct, frozen=True):
    """Where a page ends: the last one's key, and what it is ordered by."""

    id: int
    name: str
    changed_at: int


class CollectionContent(msgspec.Struct, frozen=True):
    """What is in a collection: how many versions, the newest one's number, the bytes of all of them together."""

    version_count: int
    newest: int
    size_bytes: int
    aliases: dict[str, int] = {}


class NamedRun(msgspec.Struct, frozen=True):
    """A run as a page links to it."""

    id: int
    run_id: str
    slug: str
    name: str
    status: str
    started_at: int | None
    team: str
    project: str


class RegisteredPlace(msgspec.Struct, frozen=True):
    """A registered version of a model, as a page links to it."""

    team: str
    name: str
    version: int
    stage: str


class ListedDataset(msgspec.Struct, frozen=True):
    """Data that runs read, with how many did, and when one last did."""

    id: int
    name: str
    digest: str
    source_type: str
    team: str
    project: str
    run_count: int
    used_at: int | None


class ShownDataset(msgspec.Struct, frozen=True):
    """Data with all that its readers said of it."""

    id: int
    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    team: str
    project: str


class ListedModel(msgspec.Struct, frozen=True):
    """A logged model as a list shows it, with the run that it came of."""

    id: int
    model_id: str
    name: str
    model_type: str | None
    status: str
    created_at: int
    team: str
    project: str
    run_name: str | None
    run_slug: str | None
