-- Until when somebody has seen which runs were begun in the projects that they watch.
ALTER TABLE feed_marks ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
UPDATE feed_marks SET seen_at = {now};
