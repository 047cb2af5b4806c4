-- Registries: the projects of an organization into which its teams link artifacts. access is 'PRIVATE' (everybody of
-- the organization) or 'RESTRICTED' (its members alone). One that does not allow all types allows those it has.
CREATE TABLE registries (
    project_id BIGINT NOT NULL PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
    access {text} NOT NULL,
    allows_all_types SMALLINT NOT NULL
) {clustered};

-- role is 'admin', 'member', 'viewer' or 'restricted_viewer'.
CREATE TABLE registry_users (
    project_id BIGINT NOT NULL REFERENCES registries (project_id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role {text} NOT NULL,
    PRIMARY KEY (project_id, user_id)
) {clustered};
CREATE INDEX registry_users_by_user ON registry_users (user_id);

CREATE TABLE registry_teams (
    project_id BIGINT NOT NULL REFERENCES registries (project_id) ON DELETE CASCADE,
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    role {text} NOT NULL,
    PRIMARY KEY (project_id, team_id)
) {clustered};
CREATE INDEX registry_teams_by_team ON registry_teams (team_id);

-- A collection with a model is a copy of it, as of the model's revision synced_revision: the model's tables hold the
-- truth. The copy's versions are numbered one less than the model's.
ALTER TABLE artifact_collections ADD COLUMN model_id BIGINT REFERENCES registered_models (id) ON DELETE SET NULL;
ALTER TABLE artifact_collections ADD COLUMN synced_revision BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX artifact_collections_by_model ON artifact_collections (model_id) WHERE model_id IS NOT NULL;

-- Which artifact has the files of a registered version. synced is the JSON of the description and tags that it got from
-- there last: what an artifact was given elsewhere is its own.
CREATE TABLE model_version_artifacts (
    model_version_id BIGINT NOT NULL PRIMARY KEY REFERENCES model_versions (id) ON DELETE CASCADE,
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    synced {text} NOT NULL
) {clustered};
CREATE INDEX model_version_artifacts_by_version ON model_version_artifacts (version_id);
