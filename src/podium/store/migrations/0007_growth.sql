-- Indexes that let a search start from its rarest condition, and a listing walk in its order.
--
-- A long text is not indexed itself: it may be longer than PostgreSQL lets an entry of an index be. What is long is
-- known to store/candidates.py too.
DROP INDEX registered_model_tags_by_value;
DROP INDEX model_version_tags_by_value;
CREATE INDEX registered_model_tags_by_value ON registered_model_tags (key, value, model_id) WHERE LENGTH(value) <= 250;
CREATE INDEX model_version_tags_by_value ON model_version_tags (key, value, version_id) WHERE LENGTH(value) <= 250;
CREATE INDEX project_tags_by_value ON project_tags (key, value, project_id) WHERE LENGTH(value) <= 250;
CREATE INDEX run_tags_by_value ON run_tags (key, value, run_id) WHERE LENGTH(value) <= 250;
CREATE INDEX run_params_by_value ON run_params (key, value, run_id) WHERE LENGTH(value) <= 250;
CREATE INDEX logged_model_tags_by_value ON logged_model_tags (key, value, logged_model_id) WHERE LENGTH(value) <= 250;
CREATE INDEX logged_model_params_by_value ON logged_model_params (key, value, logged_model_id) WHERE LENGTH(value) <= 250;
CREATE INDEX registered_model_tags_of_long_value ON registered_model_tags (key, model_id) WHERE LENGTH(value) > 250;
CREATE INDEX model_version_tags_of_long_value ON model_version_tags (key, version_id) WHERE LENGTH(value) > 250;
CREATE INDEX project_tags_of_long_value ON project_tags (key, project_id) WHERE LENGTH(value) > 250;
CREATE INDEX run_tags_of_long_value ON run_tags (key, run_id) WHERE LENGTH(value) > 250;
CREATE INDEX run_params_of_long_value ON run_params (key, run_id) WHERE LENGTH(value) > 250;
CREATE INDEX logged_model_tags_of_long_value ON logged_model_tags (key, logged_model_id) WHERE LENGTH(value) > 250;
CREATE INDEX logged_model_params_of_long_value ON logged_model_params (key, logged_model_id) WHERE LENGTH(value) > 250;

-- Numbers before NaN, as they are sorted.
DROP INDEX latest_metrics_by_value;
CREATE INDEX latest_metrics_by_value ON latest_metrics (key_id, is_nan, value, run_id);
CREATE INDEX logged_model_metrics_by_value ON logged_model_metrics (key_id, is_nan, value, logged_model_id);

CREATE INDEX projects_by_creation ON projects (team_id, created_at DESC, name);
CREATE INDEX projects_by_update ON projects (team_id, updated_at DESC, name);

CREATE INDEX runs_by_status ON runs (project_id, status, start_time DESC, run_id);
CREATE INDEX runs_by_name ON runs (project_id, SUBSTR(name, 1, 250));
CREATE INDEX datasets_by_name ON datasets (name);
CREATE INDEX datasets_by_digest ON datasets (digest);

CREATE INDEX registered_models_by_update ON registered_models (team_id, updated_at DESC, name) WHERE deleted_at IS NULL;

CREATE INDEX model_versions_by_creation ON model_versions (created_at);
CREATE INDEX model_versions_by_number ON model_versions (version);
CREATE INDEX model_versions_of_model_by_update ON model_versions (model_id, updated_at DESC, version DESC);
CREATE INDEX model_versions_by_source ON model_versions (SUBSTR(source, 1, 250));

CREATE INDEX events_by_kind ON events (entity, team_id, seq);
CREATE INDEX events_by_name ON events (entity_name, team_id, seq);

-- Since when and until when a version stood in a stage or under an alias, told by the events; `until` is the greatest
-- number while it stands there. Like events, they stay when the model is gone.
CREATE TABLE version_standings (
    id {pk},
    model_id BIGINT NOT NULL,
    version BIGINT NOT NULL,
    kind {text} NOT NULL,
    name {text} NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    actor {text} NOT NULL
);
INSERT INTO version_standings (model_id, version, kind, name, since, until, actor)
SELECT model_id, version, kind, name, at, until, actor FROM (
    SELECT model_id, version, kind, name, at, actor, begins, COALESCE(
        MIN(at) OVER (
            PARTITION BY model_id, kind, place ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ),
        9223372036854775807
    ) AS until
    FROM (
        -- A version is in one stage, so a stage ends with the version's next event; an alias ends with its own next one.
        SELECT e.seq, e.at, e.actor, 'stage' AS kind, {json_text:e.after.stage} AS name, e.entity_id AS place,
            CASE WHEN e.action = 'delete' THEN 0 ELSE 1 END AS begins,
            CAST(RTRIM(RTRIM(e.entity_id, '0123456789'), '/') AS BIGINT) AS model_id,
            CAST(LTRIM(LTRIM(e.entity_id, '0123456789'), '/') AS BIGINT) AS version
        FROM events e
        WHERE e.entity = 'model_version' AND e.action IN ('create', 'transition_stage', 'delete', 'restore')
        UNION ALL
        SELECT a.seq, a.at, a.actor, 'alias', a.alias, a.alias, a.begins,
            CAST(RTRIM(RTRIM(a.entity_id, '0123456789'), '/') AS BIGINT),
            CAST(LTRIM(LTRIM(a.entity_id, '0123456789'), '/') AS BIGINT)
        FROM (
            SELECT e.seq, e.at, e.actor, e.entity_id, {json_text:e.after.alias} AS alias, 1 AS begins
            FROM events e WHERE e.entity = 'model_version' AND e.action = 'set_alias'
            UNION ALL
            SELECT e.seq, e.at, e.actor, e.entity_id, {json_text:e.before.alias}, 0
            FROM events e WHERE e.entity = 'model_version' AND e.action = 'delete_alias'
            UNION ALL
            SELECT e.seq, e.at, e.actor, e.entity_id, i.value, 0
            FROM events e CROSS JOIN {json_items:e.before.aliases} AS i
            WHERE e.entity = 'model_version' AND e.action = 'delete'
            UNION ALL
            SELECT e.seq, e.at, e.actor, e.entity_id, i.value, 1
            FROM events e CROSS JOIN {json_items:e.after.aliases} AS i
            WHERE e.entity = 'model_version' AND e.action = 'restore'
        ) AS a
    ) AS changes
) AS standings
WHERE begins = 1;
CREATE INDEX version_standings_by_place ON version_standings (model_id, kind, name, until);
CREATE INDEX version_standings_by_version ON version_standings (model_id, version, kind, until);
