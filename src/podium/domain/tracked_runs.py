"""What a client that names runs itself says of one, and the tags that keep it, where MLflow's clients look for it."""

import msgspec

from podium.domain import names
from podium.domain.run_streams import RunState
from podium.errors import InvalidArgument

NOTES_TAG = "mlflow.note.content"
USER_TAG = "mlflow.user"
PROGRAM_TAG = "mlflow.source.name"
COMMIT_TAG = "mlflow.source.git.commit"
REPO_TAG = "mlflow.source.git.repoURL"
LABELS_TAG = "wandb.tags"  # a JSON list
GROUP_TAG = "wandb.group"
JOB_TYPE_TAG = "wandb.jobType"
DESCRIPTION_TAG = "wandb.description"
HOST_TAG = "wandb.host"
SWEEP_TAG = "wandb.sweep"

MAX_SLUG = 128
# What a slug must not hold, since it is a part of URLs and of names like `run:alias`.
_FORBIDDEN = "/\\#?%:"


class RunChange(msgspec.Struct, frozen=True):
    """What a client says of a run; None leaves what is there.

    `begins` is whether a process says it that begins the run now, or goes on with it.
    """

    begins: bool = False
    display_name: str | None = None
    notes: str | None = None
    description: str | None = None
    group: str | None = None
    job_type: str | None = None
    labels: list[str] | None = None
    config: str | None = None
    summary: str | None = None
    state: RunState | None = None
    commit: str | None = None
    host: str | None = None
    program: str | None = None
    repo: str | None = None
    sweep: str | None = None

    def tags(self) -> dict[str, str]:
        """The tags that keep what is said. Raises InvalidArgument for what is no text."""
        given = {
            NOTES_TAG: self.notes,
            DESCRIPTION_TAG: self.description,
            GROUP_TAG: self.group,
            JOB_TYPE_TAG: self.job_type,
            COMMIT_TAG: self.commit,
            HOST_TAG: self.host,
            PROGRAM_TAG: self.program,
            REPO_TAG: self.repo,
            SWEEP_TAG: self.sweep,
            LABELS_TAG: None if self.labels is None else msgspec.json.encode(self.labels).decode(),
        }
        tags = {key: value for key, value in given.items() if value is not None}
        for key, value in tags.items():
            names.check_label(key, value, names.MAX_CUT_VALUE)
        return tags


def check_slug(slug: str) -> None:
    """Raise InvalidArgument unless `slug` can name a run within its project."""
    names.check_label("name", slug, MAX_SLUG)
    if not slug.strip() or any(mark in slug for mark in _FORBIDDEN):
        raise InvalidArgument(f"'name' is '{slug}'; a run's id has characters, and none of {_FORBIDDEN}")


def read_labels(tag: str | None) -> list[str]:
    """The labels in a tag's value, which anyone may have set to something else."""
    try:
        return msgspec.json.decode(tag or "[]", type=list[str])
    except msgspec.DecodeError:
        return []
