-- Questions with expected answers, for judging models. schema is JSON: the fields seen so far and their types.
CREATE TABLE evaluation_datasets (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    dataset_id {text} NOT NULL UNIQUE,
    name {text} NOT NULL,
    digest {text} NOT NULL,
    schema {text},
    record_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by {text},
    updated_by {text}
);
CREATE INDEX evaluation_datasets_by_creation ON evaluation_datasets (team_id, created_at DESC, id);

CREATE TABLE evaluation_dataset_tags (
    dataset_id BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (dataset_id, key)
) {clustered};

CREATE TABLE evaluation_dataset_projects (
    dataset_id BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    PRIMARY KEY (dataset_id, project_id)
) {clustered};
CREATE INDEX evaluation_dataset_projects_by_project ON evaluation_dataset_projects (project_id);

-- input_hash is over the canonical JSON of the inputs: a record with the same inputs is the same record.
CREATE TABLE evaluation_records (
    id {pk},
    dataset_id BIGINT NOT NULL REFERENCES evaluation_datasets (id) ON DELETE CASCADE,
    record_id {text} NOT NULL UNIQUE,
    input_hash {text} NOT NULL,
    content {text} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    created_by {text},
    updated_by {text},
    UNIQUE (dataset_id, input_hash)
);
