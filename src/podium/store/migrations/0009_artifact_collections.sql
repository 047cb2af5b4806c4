-- Versioned artifacts, as W&B's clients log them. A collection is a 'sequence', whose versions were logged under its
-- name, or a 'portfolio', which links to versions of others.
CREATE TABLE artifact_types (
    id {pk},
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE artifact_collections (
    id {pk},
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    kind {text} NOT NULL,
    type_id BIGINT NOT NULL REFERENCES artifact_types (id) ON DELETE CASCADE,
    name {text} NOT NULL,
    description {text},
    next_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX artifact_collections_by_name ON artifact_collections (project_id, name) WHERE deleted_at IS NULL;
CREATE INDEX artifact_collections_by_type ON artifact_collections (type_id);

CREATE TABLE artifact_collection_tags (
    collection_id BIGINT NOT NULL REFERENCES artifact_collections (id) ON DELETE CASCADE,
    tag {text} NOT NULL,
    PRIMARY KEY (collection_id, tag)
) {clustered};

-- digest is the client's, over the paths and digests of what the version lists. listing is the MD5 of that list, whose
-- text is among the artifact_contents; manifest_id has those files of it that are on this server.
-- pending_aliases is the JSON of those that it gets when it is committed.
CREATE TABLE artifact_versions (
    id {pk},
    collection_id BIGINT NOT NULL REFERENCES artifact_collections (id) ON DELETE CASCADE,
    state {text} NOT NULL,
    digest {text} NOT NULL,
    description {text},
    metadata {text},
    ttl_s BIGINT,
    history_step BIGINT,
    run_id BIGINT REFERENCES runs (id) ON DELETE SET NULL,
    user_id {text} NOT NULL,
    distributed_id {text},
    pending_aliases {text} NOT NULL,
    listing {text},
    manifest_id BIGINT REFERENCES manifests (id),
    size_bytes BIGINT NOT NULL,
    file_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX artifact_versions_by_digest ON artifact_versions (collection_id, digest);
CREATE INDEX artifact_versions_by_manifest ON artifact_versions (manifest_id);
CREATE INDEX artifact_versions_by_run ON artifact_versions (run_id);
CREATE INDEX artifact_versions_by_ttl ON artifact_versions (created_at) WHERE ttl_s > 0;
CREATE INDEX artifact_versions_by_listing ON artifact_versions (listing);
CREATE TABLE artifact_version_tags (
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    tag {text} NOT NULL,
    PRIMARY KEY (version_id, tag)
) {clustered};

-- A version's place in a collection: one in its sequence, and one in each portfolio that links to it.
CREATE TABLE artifact_memberships (
    id {pk},
    collection_id BIGINT NOT NULL REFERENCES artifact_collections (id) ON DELETE CASCADE,
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (collection_id, version),
    UNIQUE (collection_id, version_id)
);
CREATE INDEX artifact_memberships_by_version ON artifact_memberships (version_id);

CREATE TABLE artifact_aliases (
    id {pk},
    collection_id BIGINT NOT NULL REFERENCES artifact_collections (id) ON DELETE CASCADE,
    alias {text} NOT NULL,
    membership_id BIGINT NOT NULL REFERENCES artifact_memberships (id) ON DELETE CASCADE,
    UNIQUE (collection_id, alias)
);
CREATE INDEX artifact_aliases_by_membership ON artifact_aliases (membership_id);

-- Versions that a run read (direction 'input') or made (direction 'output').
CREATE TABLE run_artifacts (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    direction {text} NOT NULL,
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (run_id, direction, version_id)
) {clustered};
CREATE INDEX run_artifacts_by_version ON run_artifacts (version_id, direction);

-- What a version lists that is elsewhere, by the digest that the client made of it.
CREATE TABLE artifact_references (
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    path {text} NOT NULL,
    digest {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    url {text} NOT NULL,
    PRIMARY KEY (version_id, path)
) {clustered};

-- What a client called a version before the server named it.
CREATE TABLE artifact_client_ids (
    client_id {text} NOT NULL PRIMARY KEY,
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE
) {clustered};
CREATE INDEX artifact_client_ids_by_version ON artifact_client_ids (version_id);

-- The lists of files that a version is made of: one, or a base and what changes it, or the parts of several writers.
CREATE TABLE artifact_listings (
    id {pk},
    version_id BIGINT NOT NULL REFERENCES artifact_versions (id) ON DELETE CASCADE,
    kind {text} NOT NULL,
    base_id BIGINT REFERENCES artifact_versions (id) ON DELETE SET NULL,
    md5 {text} NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX artifact_listings_by_version ON artifact_listings (version_id);
CREATE INDEX artifact_listings_by_md5 ON artifact_listings (md5);
CREATE INDEX artifact_listings_by_base ON artifact_listings (base_id);

-- Bytes by the MD5 that clients know them by, for each team, so that none can have another's by naming them. path is
-- the name under which they came first. What no version lists is removed when it was not asked for in a while.
CREATE TABLE artifact_contents (
    id {pk},
    team_id BIGINT NOT NULL REFERENCES teams (id),
    md5 {text} NOT NULL,
    digest {text} NOT NULL,
    size_bytes BIGINT NOT NULL,
    path {text} NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (md5, team_id)
);
CREATE INDEX artifact_contents_by_digest ON artifact_contents (digest);
