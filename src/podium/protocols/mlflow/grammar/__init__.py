"""The search grammar of MLflow's client: filter strings and orders into `podium.domain.filters`. No I/O.

Call `parse_filter(text, RUNS)` and `parse_order(clauses, RUNS)`. MLflow's names on the left of an arrow
become Podium's keys (n: compared with numbers, i: an id, in quotes in the text and an int in the tree):

    RUNS                 attribute  run_id, user_id, status, artifact_uri, start_time n, end_time n,
                                    run_name | run name | Run name | Run Name -> name,
                                    created | Created -> start_time n
                         metric, param, tag
                         dataset    name, digest, context
    EXPERIMENTS          attribute  name, experiment_id -> id i, creation_time -> created_at n,
                                    last_update_time -> updated_at n
                         tag
    REGISTERED_MODELS    attribute  name, creation_timestamp -> created_at n,
                                    last_updated_timestamp | timestamp -> updated_at n
                         tag
    MODEL_VERSIONS       attribute  name, run_id, version_number -> version n, source_path -> source,
                                    creation_timestamp -> created_at n, last_updated_timestamp -> updated_at n
                         tag
    LOGGED_MODELS        attribute  name, model_id, model_type, status, status_message, source_run_id,
                                    artifact_location, experiment_id -> project_id i,
                                    creation_time | creation_timestamp[_ms] -> created_at n,
                                    last_updated_time | last_updated_timestamp[_ms] -> updated_at n
                         metric, param, tag
    EVALUATION_DATASETS  attribute  name, created_by, last_updated_by -> updated_by,
                                    created_time -> created_at n, last_update_time -> updated_at n
                         tag

Prompts are searched as registered models and model versions. A prefix may be written in each of its forms:
metric(s), param(s) | parameter(s), tag(s), dataset(s), attribute(s) | attr | run, or none for an attribute.
Sorting goes by the attributes; of runs by metrics, params and tags too, of logged models by metrics too.

Operators: text `= != LIKE ILIKE IN NOT IN`, tags and params also `IS NULL` and `IS NOT NULL`,
ids `= != IN NOT IN`, metrics and numbers `= != < <= > >=`.

Beyond MLflow
-------------
- Keys without quotes may hold what SQL reads otherwise: `metrics.0`, `metrics.val/loss`, `params.from`.
- IN and NOT IN for all text, not for some attributes only; operators in any case; each form of a prefix;
  attributes that MLflow can sort by can be filtered by, and the other way round; whole numbers in quotes;
  `IS NULL` on the tags and params of each entity.
- In quotes a doubled quote stands for one, as in SQL and as MLflow's own client writes it; MLflow keeps both.
- Times and version numbers may be compared with fractions, and numbers begin with a plus; spaces alone are an
  empty filter, and may end an order; a field that an order names twice is no error.

Other than MLflow
-----------------
- Refused, where MLflow takes them for what nobody means: a list without commas (`('a' 'b')` is 'ab' there),
  a list within a list, `=` with a list, text after a quoted key (`` params.`a`.b ``), spaces
  before a key (`params. a`), comparing the names of evaluation datasets by `<`.
- In a list a backslash is an ordinary character, as it is in any other value; it does not hide a quote that
  ends a value.
- Only the attributes above; MLflow takes any column of a logged model, and fails inside for other names.
- Logged models: double quotes are quotes too; `nan` and `inf` are no values of metrics.
- Texts of errors begin as MLflow's; the lists in them are ours.
- At most 500 comparisons, 50 fields to sort by, and 1,000,000 characters.
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
