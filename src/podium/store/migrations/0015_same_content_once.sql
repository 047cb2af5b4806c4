-- The same content logged at once is one version: the others are deleted, and whoever knows them by `same_as` finds it.
-- `kept` are those whose writers wanted a version of their own.
ALTER TABLE artifact_versions ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE artifact_versions ADD COLUMN same_as BIGINT;
