-- Counts the changes of a run and of what is logged to it: forms of it that were made before are known as stale by it.
ALTER TABLE runs ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
