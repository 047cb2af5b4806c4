-- Who may sign in, and to which teams they belong. Everything refers to keys, so that no rename takes access away.
--
-- A team's kind is 'team', 'user' for the one that a user has for itself, or 'organization' for the one that owns what
-- an organization has in common.
CREATE TABLE organizations (
    id {pk},
    name {text} NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX organizations_by_name ON organizations (name) WHERE deleted_at IS NULL;

ALTER TABLE teams ADD COLUMN kind {text} NOT NULL DEFAULT 'team';
ALTER TABLE teams ADD COLUMN organization_id BIGINT REFERENCES organizations (id);
CREATE INDEX teams_by_organization ON teams (organization_id) WHERE organization_id IS NOT NULL;

-- A user goes for good with its own team. What it addresses when it names no team is home_team_id, else its own team.
-- kind is 'person' or 'service'.
CREATE TABLE users (
    id {pk},
    name {text} NOT NULL,
    email {text},
    kind {text} NOT NULL,
    is_admin BIGINT NOT NULL,
    password_hash {text},
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    home_team_id BIGINT REFERENCES teams (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE UNIQUE INDEX users_by_name ON users (name) WHERE deleted_at IS NULL;
CREATE INDEX users_by_team ON users (team_id);
CREATE INDEX users_by_home_team ON users (home_team_id) WHERE home_team_id IS NOT NULL;

-- role is 'admin', 'member' or 'viewer'.
CREATE TABLE team_members (
    team_id BIGINT NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role {text} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, user_id)
) {clustered};
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE organization_members (
    organization_id BIGINT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role {text} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
) {clustered};
CREATE INDEX organization_members_by_user ON organization_members (user_id);

-- digest is SHA-256 of the key, which is long and random, as hex; hint is the key's beginning, by which people know it.
CREATE TABLE api_keys (
    id {pk},
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    digest {text} NOT NULL,
    hint {text} NOT NULL,
    description {text} NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_keys_by_digest ON api_keys (digest) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_by_user ON api_keys (user_id);

-- Counts what changed in the tables above: servers know by it that what they remember is stale.
CREATE TABLE account_changes (
    id BIGINT PRIMARY KEY,
    revision BIGINT NOT NULL
);
INSERT INTO account_changes (id, revision) VALUES (1, 0);
