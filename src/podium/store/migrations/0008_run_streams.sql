-- A run's name within its project, as clients that name runs themselves know it; for others it is the public id.
ALTER TABLE runs ADD COLUMN slug {text} NOT NULL DEFAULT '';
UPDATE runs SET slug = run_id;
CREATE UNIQUE INDEX runs_by_slug ON runs (project_id, slug);

-- What is known of a run that sends its data as streams of lines. `live` is 1 while heartbeats are expected; `note` says
-- more than the run's status does: 'crashed', 'preempting', 'preempted'. The counts are the numbers of the next lines.
CREATE TABLE run_streams (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    live SMALLINT NOT NULL,
    note {text},
    exit_code BIGINT,
    stop_requested SMALLINT NOT NULL DEFAULT 0,
    history_lines BIGINT NOT NULL DEFAULT 0,
    event_lines BIGINT NOT NULL DEFAULT 0,
    console_lines BIGINT NOT NULL DEFAULT 0,
    last_step BIGINT NOT NULL DEFAULT -1,
    PRIMARY KEY (run_id)
) {clustered};
CREATE INDEX run_streams_by_heartbeat ON run_streams (heartbeat_at) WHERE live = 1;

-- Whole documents of a run, as they were sent: 'config', 'summary'. 'summary_metrics' lists the metrics whose only
-- point comes from the summary.
CREATE TABLE run_documents (
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    kind {text} NOT NULL,
    content {text} NOT NULL,
    PRIMARY KEY (run_id, kind)
);

-- Lines of a run's streams ('history', 'events', 'console') as they were sent, some hundred in a row, parted by line
-- feeds. Several writers number their lines each from 0. `content` comes last: the rest is read without it.
CREATE TABLE run_lines (
    id {pk},
    run_id BIGINT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    stream {text} NOT NULL,
    writer {text} NOT NULL,
    first_line BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    min_step BIGINT NOT NULL,
    max_step BIGINT NOT NULL,
    content {text} NOT NULL,
    UNIQUE (run_id, stream, writer, first_line)
);
