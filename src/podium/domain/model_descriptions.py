"""What the files of a model say of it: what it takes and gives, and what it needs to run."""

from collections.abc import Mapping
from typing import Any

import msgspec

from podium.domain.environments import ENVIRONMENT_FILES, environment_of
from podium.domain.signatures import Signature, parse_signature

MODEL_FILE = "MLmodel"
DESCRIBING_FILES = (MODEL_FILE, *ENVIRONMENT_FILES)


class ModelDescription(msgspec.Struct, frozen=True):
    """`environment` has versions by package, `flavors` the libraries that load the model; None or empty: not told."""

    signature: Signature | None = None
    environment: dict[str, str] = {}
    flavors: tuple[str, ...] = ()
    python: str | None = None
    mlflow: str | None = None


def describe(mlmodel: Mapping[str, Any], needs: Mapping[str, str]) -> ModelDescription:
    """The description in what an `MLmodel` file holds and in the texts of the environment files, by their names."""
    flavors = mlmodel.get("flavors")
    known: Mapping[Any, Any] = flavors if isinstance(flavors, Mapping) else {}
    python = known.get("python_function")
    return ModelDescription(
        parse_signature(mlmodel),
        environment_of(needs),
        tuple(str(flavor) for flavor in known),
        _text(python.get("python_version")) if isinstance(python, Mapping) else None,
        _text(mlmodel.get("mlflow_version")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
