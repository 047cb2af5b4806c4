-- Webhooks. The secret is sealed with a key that is not in the database; events are `entity.action`, by comma.
-- Only events of the audit trail behind after_seq concern a webhook: what happened before it was there, or active, does not.
CREATE TABLE webhooks (
    id {pk},
    webhook_id {text} NOT NULL UNIQUE,
    team_id BIGINT NOT NULL REFERENCES teams (id),
    name {text} NOT NULL,
    description {text},
    url {text} NOT NULL,
    events {text} NOT NULL,
    status {text} NOT NULL,
    sealed_secret {text},
    after_seq BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_creation ON webhooks (team_id, id);

-- How far each reader of the audit trail has come.
CREATE TABLE outbox_cursors (
    reader {text} PRIMARY KEY,
    seq BIGINT NOT NULL
) {clustered};
INSERT INTO outbox_cursors (reader, seq) SELECT 'webhooks', seq FROM event_chain WHERE id = 1;

-- One row an event and webhook. due_at is when to try next; NULL: delivered, or given up when delivered_at is NULL too.
CREATE TABLE webhook_deliveries (
    id {pk},
    delivery_id {text} NOT NULL UNIQUE,
    webhook_key BIGINT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_seq BIGINT NOT NULL,
    body {text} NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT,
    delivered_at BIGINT,
    last_status BIGINT,
    last_error {text},
    UNIQUE (webhook_key, event_seq)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (due_at) WHERE due_at IS NOT NULL;
