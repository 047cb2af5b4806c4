-- Counts the changes of a run and of what is logged to it, and those of a model and its versions: forms of them that
-- were made before are known as stale by it.
ALTER TABLE runs ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE registered_models ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
CREATE INDEX model_versions_by_logged_model ON model_versions (logged_model_id) WHERE logged_model_id IS NOT NULL;
