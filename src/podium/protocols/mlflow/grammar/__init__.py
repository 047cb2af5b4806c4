"""The search grammar of MLflow's client: filter strings and orders into `podium.domain.filters`. Pure, no I/O.

Call `parse_filter(text, RUNS)` and `parse_order(clauses, RUNS)`. MLflow's names on the left become Podium's:

    entity                kinds                          attributes, MLflow's name -> key (n: number, i: id as a number)
    RUNS                  attribute metric param tag     run_id, user_id, status, artifact_uri, start_time n, end_time n,
                          dataset (name, digest,         run_name | run name | Run name | Run Name -> name,
                          context)                       created | Created -> start_time n
    EXPERIMENTS           attribute tag                  name, experiment_id -> id i, creation_time -> created_at n,
                                                         last_update_time -> updated_at n
    REGISTERED_MODELS     attribute tag                  name, creation_timestamp -> created_at n,
                                                         last_updated_timestamp | timestamp -> updated_at n
    MODEL_VERSIONS        attribute tag                  name, version_number -> version n, run_id,
                                                         source_path -> source, creation_timestamp -> created_at n,
                                                         last_updated_timestamp -> updated_at n
    LOGGED_MODELS         attribute metric param tag     name, model_id, model_type, status, status_message,
                                                         source_run_id, artifact_location,
                                                         experiment_id -> project_id i,
                                                         creation_time | creation_timestamp[_ms] -> created_at n,
                                                         last_updated_time | last_updated_timestamp[_ms] -> updated_at n
    EVALUATION_DATASETS   attribute tag                  name, created_time -> created_at n, created_by,
                                                         last_update_time -> updated_at n,
                                                         last_updated_by -> updated_by

Prompts are searched as registered models and model versions. A prefix may be written in each of its forms:
metric(s), param(s) | parameter(s), tag(s), dataset(s), attribute(s) | attr | run, or none for an attribute.
Sorting goes by the attributes; of runs by metrics, params and tags too, of logged models by metrics too.

Operators: text `= != LIKE ILIKE IN NOT IN`, tags and params `IS NULL` and `IS NOT NULL` too, ids `= != IN NOT IN`,
metrics and numbers `= != < <= > >=`.

Beyond MLflow
-------------
- Keys without quotes may hold what SQL reads otherwise: `metrics.0`, `metrics.val/loss`, `params.from`.
- IN and NOT IN for all text, not for some attributes only; operators in any case; each prefix for each entity;
  attributes that MLflow can sort by can be filtered by, and the other way round; whole numbers in quotes.
- In quotes a doubled quote stands for one, as in SQL and as MLflow's own client writes it; MLflow keeps both.
- Times and version numbers may be compared with fractions; spaces alone are an empty filter, and may end an order;
  a field that an order names twice is no error.

Other than MLflow
-----------------
- Refused, where MLflow takes them for what nobody means: a list without commas (`('a' 'b')` is 'ab' there), a list
  within a list, `=` with a list, text around a quoted key (`` params.`a`.b ``, `params. a`).
- In a list a backslash is an ordinary character, as it is in any other value.
- Only the attributes above; MLflow takes any column of a logged model, and fails with an internal error for others.
- Texts of errors begin as MLflow's; the lists in them are ours.
- At most 500 comparisons and 50 fields to sort by.
"""

from podium.protocols.mlflow.grammar.entities import (
    EVALUATION_DATASETS,
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    Entity,
)
from podium.protocols.mlflow.grammar.filters import parse_filter
from podium.protocols.mlflow.grammar.logged_models import (
    OrderBy,
    parse_logged_model_order,
    restrict_to_datasets,
)
from podium.protocols.mlflow.grammar.orders import parse_order

__all__ = [
    "EVALUATION_DATASETS",
    "EXPERIMENTS",
    "LOGGED_MODELS",
    "MODEL_VERSIONS",
    "REGISTERED_MODELS",
    "RUNS",
    "Entity",
    "OrderBy",
    "parse_filter",
    "parse_logged_model_order",
    "parse_order",
    "restrict_to_datasets",
]
