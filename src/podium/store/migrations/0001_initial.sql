-- Times are milliseconds since the epoch, UTC. A lifecycle is told by deleted_at: NULL while the row is active.

CREATE TABLE teams (
    id {pk},
    name {text} NOT NULL,
    description {text},
    default_artifact_root {text},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX teams_by_name ON teams (name) WHERE deleted_at IS NULL;

CREATE TABLE projects (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    name {text} NOT NULL,
    artifact_location {text} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (team_id, name)
);

CREATE TABLE project_tags (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (project_id, key)
) {clustered};

CREATE TABLE runs (
    id {pk},
    run_id {text} NOT NULL UNIQUE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    user_id {text} NOT NULL,
    status {text} NOT NULL,
    start_time BIGINT,
    end_time BIGINT,
    deleted_at BIGINT
);
CREATE INDEX runs_by_start ON runs (project_id, start_time DESC, run_id);

CREATE TABLE run_tags (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (run_id, key)
) {clustered};

CREATE TABLE run_params (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (run_id, key)
) {clustered};

-- Metric names are interned, so that a point is five numbers.
CREATE TABLE metric_keys (
    id {pk},
    key {text} NOT NULL UNIQUE
);

-- The key is the whole point: logging the same point twice stores it once. NaN is stored as value 0, is_nan 1.
CREATE TABLE metrics (
    run_id BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    step BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan SMALLINT NOT NULL,
    PRIMARY KEY (run_id, key_id, timestamp, step, value, is_nan)
) {clustered};

-- The point with the highest (step, timestamp, value) of each key, so that search and listing never read history.
CREATE TABLE latest_metrics (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key_id BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    step BIGINT NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    is_nan SMALLINT NOT NULL,
    PRIMARY KEY (run_id, key_id)
) {clustered};
CREATE INDEX latest_metrics_by_value ON latest_metrics (key_id, value);

CREATE TABLE datasets (
    id {pk},
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    source_type {text} NOT NULL,
    source {text} NOT NULL,
    schema {text},
    profile {text},
    UNIQUE (project_id, name, digest)
);

CREATE TABLE run_datasets (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset_id BIGINT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    PRIMARY KEY (run_id, dataset_id)
) {clustered};
CREATE INDEX run_datasets_by_dataset ON run_datasets (dataset_id);

CREATE TABLE run_dataset_tags (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    dataset_id BIGINT NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (run_id, dataset_id, key)
) {clustered};

CREATE TABLE logged_models (
    id {pk},
    model_id {text} NOT NULL UNIQUE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    model_type {text},
    artifact_location {text} NOT NULL,
    source_run_id {text},
    status {text} NOT NULL,
    status_message {text},
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX logged_models_by_creation ON logged_models (project_id, created_at DESC, id);
CREATE INDEX logged_models_by_run ON logged_models (source_run_id);

CREATE TABLE logged_model_params (
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (logged_model_id, key)
) {clustered};

CREATE TABLE logged_model_tags (
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (logged_model_id, key)
) {clustered};

CREATE TABLE logged_model_metrics (
    logged_model_id BIGINT NOT NULL REFERENCES logged_models (id) ON DELETE CASCADE,
    key_id BIGINT NOT NULL,
    timestamp BIGINT NOT NULL,
    step BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    value DOUBLE PRECISION NOT NULL,
    is_nan SMALLINT NOT NULL,
    dataset_name {text},
    dataset_digest {text},
    PRIMARY KEY (logged_model_id, key_id, timestamp, step, run_id)
) {clustered};
CREATE INDEX logged_model_metrics_by_run ON logged_model_metrics (run_id);

-- Logged models that a run read (direction 'input') or made (direction 'output').
CREATE TABLE run_logged_models (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    direction {text} NOT NULL,
    model_id {text} NOT NULL,
    step BIGINT NOT NULL,
    PRIMARY KEY (run_id, direction, model_id)
) {clustered};
CREATE INDEX run_logged_models_by_model ON run_logged_models (model_id);

-- The living files of runs, logged models and free paths: one tree a team, its paths normalized.
CREATE TABLE artifact_files (
    team_id BIGINT NOT NULL REFERENCES teams (id),
    path {text} NOT NULL,
    digest {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, path)
) {clustered};
CREATE INDEX artifact_files_by_digest ON artifact_files (digest);

-- Files that were deleted, kept restorable until garbage collection.
CREATE TABLE deleted_artifact_files (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    path {text} NOT NULL,
    digest {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE INDEX deleted_artifact_files_by_path ON deleted_artifact_files (team_id, path);
CREATE INDEX deleted_artifact_files_by_digest ON deleted_artifact_files (digest);

-- Immutable file lists. The digest is over path, size and SHA-256 of each file, so equal lists are one row.
CREATE TABLE manifests (
    id {pk},
    digest {text} NOT NULL UNIQUE,
    file_count BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE manifest_entries (
    manifest_id BIGINT NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    path {text} NOT NULL,
    digest {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    PRIMARY KEY (manifest_id, path)
) {clustered};
CREATE INDEX manifest_entries_by_digest ON manifest_entries (digest);

CREATE TABLE registered_models (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    name {text} NOT NULL,
    description {text},
    next_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX registered_models_by_name ON registered_models (team_id, name) WHERE deleted_at IS NULL;

CREATE TABLE registered_model_tags (
    model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (model_id, key)
) {clustered};
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (key, value);

-- manifest_id is the immutable snapshot of the files; NULL means that the source is an external reference.
-- source is what the client gave, location is where that led to: another version or a logged model may stand between.
CREATE TABLE model_versions (
    id {pk},
    model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    description {text},
    user_id {text},
    source {text} NOT NULL,
    location {text} NOT NULL,
    run_id {text},
    run_link {text},
    logged_model_id {text},
    stage {text} NOT NULL,
    status {text} NOT NULL,
    status_message {text},
    manifest_id BIGINT REFERENCES manifests (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    UNIQUE (model_id, version)
);
CREATE INDEX model_versions_by_stage ON model_versions (model_id, stage, version);
CREATE INDEX model_versions_by_update ON model_versions (updated_at);
CREATE INDEX model_versions_by_run ON model_versions (run_id);
CREATE INDEX model_versions_by_manifest ON model_versions (manifest_id);

CREATE TABLE model_version_tags (
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (version_id, key)
) {clustered};
CREATE INDEX model_version_tags_by_value ON model_version_tags (key, value);

CREATE TABLE model_aliases (
    model_id BIGINT NOT NULL REFERENCES registered_models (id) ON DELETE CASCADE,
    alias {text} NOT NULL,
    version_id BIGINT NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
    PRIMARY KEY (model_id, alias)
) {clustered};
CREATE INDEX model_aliases_by_version ON model_aliases (version_id);

-- The audit trail and outbox. `seq` has no gaps; each hash covers the row and the hash before it.
CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor {text} NOT NULL,
    team_id BIGINT NOT NULL,
    entity {text} NOT NULL,
    entity_id {text} NOT NULL,
    entity_name {text} NOT NULL,
    action {text} NOT NULL,
    before {text},
    after {text},
    previous_hash {text} NOT NULL,
    hash {text} NOT NULL
);
CREATE INDEX events_by_entity ON events (entity, entity_id, seq);
CREATE INDEX events_by_actor ON events (actor, seq);
CREATE INDEX events_by_time ON events (at, seq);

-- One row: where the chain stands. Locking it puts concurrent appends in order; it also shows a cut-off tail.
CREATE TABLE event_chain (
    id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash {text} NOT NULL
);

INSERT INTO event_chain (id, seq, hash) VALUES (1, 0, '');
-- Gets id 1: domain/access.py knows it as DEFAULT_TEAM_ID.
INSERT INTO teams (name, description, created_at, updated_at)
    VALUES ('default', 'The team of callers that name none', {now}, {now});
INSERT INTO projects (id, team_id, name, artifact_location, created_at, updated_at)
    VALUES (0, 1, 'Default', 'mlflow-artifacts:/0', {now}, {now});
