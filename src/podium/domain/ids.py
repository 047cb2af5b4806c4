"""Public ids: what clients are shown. Inside, rows have integer keys."""

import itertools
import secrets
import uuid

_PROCESS = secrets.token_hex(8)
_REQUESTS = itertools.count(1)


def new_run_id() -> str:
    """32 hex digits, as MLflow's run ids are."""
    return uuid.uuid4().hex


def new_logged_model_id() -> str:
    """`m-` and 32 hex digits, as MLflow's logged models have them."""
    return f"m-{uuid.uuid4().hex}"


def new_trace_id() -> str:
    """32 hex digits, as the ids of MLflow's first traces are; later clients bring their own."""
    return uuid.uuid4().hex


def new_assessment_id() -> str:
    """`a-` and 32 hex digits, as MLflow's assessments have them."""
    return f"a-{uuid.uuid4().hex}"


def new_evaluation_dataset_id() -> str:
    """`d-` and 32 hex digits, as MLflow's evaluation datasets have them."""
    return f"d-{uuid.uuid4().hex}"


def new_evaluation_record_id() -> str:
    """`dr-` and 32 hex digits, as the records of MLflow's evaluation datasets have them."""
    return f"dr-{uuid.uuid4().hex}"


def new_token() -> str:
    """An id for things that no client's form is prescribed for (uploads, webhooks)."""
    return secrets.token_hex(16)


def new_request_id() -> str:
    """An id to find a request by in the log: of this process by chance, and counted within it."""
    return f"{_PROCESS}{next(_REQUESTS):016x}"
