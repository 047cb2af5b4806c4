-- What a program did, told by spans. `is_final` is 1 once the client gave the whole trace: until then its times and
-- state are gathered from the spans that came. start_ns and end_ns are nanoseconds since the epoch.

CREATE TABLE traces (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    trace_id {text} NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    request_time BIGINT NOT NULL,
    duration_ms BIGINT,
    state {text} NOT NULL,
    client_request_id {text},
    request_preview {text},
    response_preview {text},
    is_final SMALLINT NOT NULL,
    UNIQUE (team_id, trace_id)
);
CREATE INDEX traces_by_time ON traces (project_id, request_time DESC, trace_id);

CREATE TABLE trace_tags (
    trace_id BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (trace_id, key)
) {clustered};

CREATE TABLE trace_metadata (
    trace_id BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    key {text} NOT NULL,
    value {text} NOT NULL,
    PRIMARY KEY (trace_id, key)
) {clustered};

-- content is the whole span as JSON, in the form of domain/traces.py; the columns before it are for searching.
CREATE TABLE spans (
    trace_id BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    span_id {text} NOT NULL,
    parent_id {text},
    name {text} NOT NULL,
    type {text} NOT NULL,
    status {text} NOT NULL,
    start_ns BIGINT NOT NULL,
    content {text} NOT NULL,
    PRIMARY KEY (trace_id, span_id)
);

-- Runs (kind 'run') and prompt versions (kind 'prompt') that a trace was linked to.
CREATE TABLE trace_links (
    trace_id BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    kind {text} NOT NULL,
    target {text} NOT NULL,
    PRIMARY KEY (trace_id, kind, target)
) {clustered};
CREATE INDEX trace_links_by_target ON trace_links (kind, target);

-- value is JSON; value_text is the text itself of a JSON string, else the JSON, and value_number a JSON number.
CREATE TABLE assessments (
    id {pk},
    trace_id BIGINT NOT NULL REFERENCES traces (id) ON DELETE CASCADE,
    assessment_id {text} NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    value {text} NOT NULL,
    value_text {text} NOT NULL,
    value_number DOUBLE PRECISION,
    error {text},
    source_type {text} NOT NULL,
    source_id {text} NOT NULL,
    rationale {text},
    metadata {text} NOT NULL,
    span_id {text},
    overrides {text},
    valid SMALLINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (trace_id, assessment_id)
);
