"""The stages of a model version, as MLflow documents them."""

from typing import Literal, get_args

from podium.errors import InvalidArgument

Stage = Literal["None", "Staging", "Production", "Archived"]

STAGES: tuple[Stage, ...] = get_args(Stage)
ACTIVE_STAGES: tuple[Stage, ...] = ("Staging", "Production")

_BY_NAME: dict[str, Stage] = {stage.lower(): stage for stage in STAGES}


def parse_stage(raw: str) -> Stage:
    """The stage that `raw` names, in whichever case. Raises InvalidArgument."""
    stage = _BY_NAME.get(raw.lower())
    if stage is None:
        raise InvalidArgument(f"Invalid Model Version stage: {raw}. Value must be one of {', '.join(STAGES)}.")
    return stage


def check_archiving(raw: str) -> None:
    """Raise InvalidArgument unless a move to this stage may archive the versions that stand there."""
    if parse_stage(raw) not in ACTIVE_STAGES:
        raise InvalidArgument(
            "Model version transition cannot archive existing model versions "
            f"because '{raw}' is not an Active stage. Valid stages are {list(ACTIVE_STAGES)}"
        )
