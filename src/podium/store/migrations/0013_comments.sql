-- What people say about a thing, in threads. Exactly one of the first four columns names the thing, by its key, so that
-- no rename loses a comment and each goes with its thing. An anchor is a metric with a step, or with a range of steps.
CREATE TABLE comments (
    id {pk},
    model_id BIGINT REFERENCES registered_models (id) ON DELETE CASCADE,
    version_id BIGINT REFERENCES model_versions (id) ON DELETE CASCADE,
    run_id BIGINT REFERENCES runs (id) ON DELETE CASCADE,
    artifact_id BIGINT REFERENCES artifact_versions (id) ON DELETE CASCADE,
    parent_id BIGINT REFERENCES comments (id) ON DELETE CASCADE,
    author {text} NOT NULL,
    author_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    body {text} NOT NULL,
    metric {text},
    from_step BIGINT,
    to_step BIGINT,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT
);
CREATE INDEX comments_by_model ON comments (model_id) WHERE model_id IS NOT NULL;
CREATE INDEX comments_by_version ON comments (version_id) WHERE version_id IS NOT NULL;
CREATE INDEX comments_by_run ON comments (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX comments_by_artifact ON comments (artifact_id) WHERE artifact_id IS NOT NULL;
CREATE INDEX comments_by_parent ON comments (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_by_author ON comments (author_id) WHERE author_id IS NOT NULL;

-- Whom a comment calls.
CREATE TABLE comment_mentions (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    comment_id BIGINT NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    PRIMARY KEY (user_id, comment_id)
) {clustered};
CREATE INDEX comment_mentions_by_comment ON comment_mentions (comment_id);

-- Who wants to know of changes of a thing, which one column names as above. watcher is the key of a user; it is 0 for
-- whoever has none: everybody of a server without accounts, and who signs in with the key of the settings.
CREATE TABLE watches (
    id {pk},
    watcher BIGINT NOT NULL,
    model_id BIGINT REFERENCES registered_models (id) ON DELETE CASCADE,
    version_id BIGINT REFERENCES model_versions (id) ON DELETE CASCADE,
    run_id BIGINT REFERENCES runs (id) ON DELETE CASCADE,
    artifact_id BIGINT REFERENCES artifact_versions (id) ON DELETE CASCADE,
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX watches_of_models ON watches (watcher, model_id) WHERE model_id IS NOT NULL;
CREATE UNIQUE INDEX watches_of_versions ON watches (watcher, version_id) WHERE version_id IS NOT NULL;
CREATE UNIQUE INDEX watches_of_runs ON watches (watcher, run_id) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX watches_of_artifacts ON watches (watcher, artifact_id) WHERE artifact_id IS NOT NULL;
CREATE UNIQUE INDEX watches_of_projects ON watches (watcher, project_id) WHERE project_id IS NOT NULL;
CREATE INDEX watches_by_model ON watches (model_id) WHERE model_id IS NOT NULL;
CREATE INDEX watches_by_version ON watches (version_id) WHERE version_id IS NOT NULL;
CREATE INDEX watches_by_run ON watches (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX watches_by_artifact ON watches (artifact_id) WHERE artifact_id IS NOT NULL;
CREATE INDEX watches_by_project ON watches (project_id) WHERE project_id IS NOT NULL;

-- Up to which event somebody has seen what changed in what they watch.
CREATE TABLE feed_marks (
    watcher BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
) {clustered};
