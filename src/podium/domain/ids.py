"""Public ids: what clients are shown. Inside, rows have integer keys."""

import secrets
import uuid


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
    """An id for things that no client's form is prescribed for (uploads, webhooks, requests)."""
    return secrets.token_hex(16)
