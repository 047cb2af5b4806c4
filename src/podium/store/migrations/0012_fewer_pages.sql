-- What registering a version and moving an alias write, made less. SQLite: the number of an event is its row's own key,
-- so that it needs no index.
{sqlite} ALTER TABLE events RENAME TO events_before;
{sqlite} CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
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
{sqlite} INSERT INTO events (
    seq, at, actor, team_id, entity, entity_id, entity_name, action, before, after, previous_hash, hash
)
SELECT seq, at, actor, team_id, entity, entity_id, entity_name, action, before, after, previous_hash, hash
FROM events_before ORDER BY seq;
{sqlite} DROP TABLE events_before;
{sqlite} CREATE INDEX events_by_entity ON events (entity, entity_id, seq);
{sqlite} CREATE INDEX events_by_actor ON events (actor, seq);
{sqlite} CREATE INDEX events_by_time ON events (at, seq);
{sqlite} CREATE INDEX events_by_kind ON events (entity, team_id, seq);
{sqlite} CREATE INDEX events_by_name ON events (entity_name, team_id, seq);
{sqlite} CREATE INDEX model_names_by_event ON events (team_id, entity_name, seq)
    WHERE entity = 'registered_model' AND action IN ('create', 'rename', 'restore');

-- A version that has been in stage None since it was made has no standing: its own row says so.
DELETE FROM version_standings WHERE kind = 'stage' AND name = 'None' AND until = 9223372036854775807 AND EXISTS (
    SELECT 1 FROM model_versions v
    WHERE v.model_id = version_standings.model_id AND v.version = version_standings.version AND v.stage = 'None'
        AND v.deleted_at IS NULL AND v.created_at = version_standings.since AND v.user_id = version_standings.actor
);
-- What a version is asked for is where it stands now.
DROP INDEX version_standings_by_version;
CREATE INDEX version_standings_open ON version_standings (model_id, version, kind) WHERE until = 9223372036854775807;

-- Nobody looks for versions without files by it.
DROP INDEX model_versions_by_manifest;
CREATE INDEX model_versions_by_manifest ON model_versions (manifest_id) WHERE manifest_id IS NOT NULL;
