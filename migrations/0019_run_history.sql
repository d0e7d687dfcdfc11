-- Lists of an integration's runs by state, kind and cause, each newest first:
-- few failures among a million runs are found as fast as all of them.
CREATE INDEX sync_runs_by_kind
    ON sync_runs (project_id, integration_id, status, type, trigger, id DESC);

-- Milliseconds from start to end; none where a run was never started, and 0
-- where the clock was set back meanwhile.
CREATE FUNCTION calibr_run_milliseconds(started timestamptz, completed timestamptz)
    RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN greatest(0, floor(extract(epoch FROM completed - started) * 1000))::bigint;

-- Which step of the scale of durations that many milliseconds are on: eight
-- steps to each doubling, from 1 up; 0 for a run that was never started.
CREATE FUNCTION calibr_duration_step(milliseconds bigint)
    RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN milliseconds IS NULL THEN 0
                ELSE 1 + floor(8 * ln(greatest(milliseconds, 1)::float8) / ln(2::float8))
           END::smallint;

-- How the runs went that have ended, by the hour, the day and the month of the
-- project's time zone in which they were asked for: kept in the transaction that
-- ends a run. Hours are kept for a while, days and months for good.
CREATE TABLE sync_run_counts (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    span           text NOT NULL CHECK (span IN ('hour', 'day', 'month')),
    -- The span's first moment.
    starts_at      timestamptz NOT NULL,
    type           text NOT NULL,
    trigger        text NOT NULL,
    status         text NOT NULL,
    duration_step  smallint NOT NULL,
    runs           bigint NOT NULL,
    milliseconds   bigint NOT NULL,
    items_synced   bigint NOT NULL,
    items_failed   bigint NOT NULL,
    PRIMARY KEY (project_id, integration_id, span, starts_at, type, trigger, status, duration_step),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_run_counts');

-- What failed in them, by code.
CREATE TABLE sync_failure_counts (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    span           text NOT NULL CHECK (span IN ('hour', 'day', 'month')),
    starts_at      timestamptz NOT NULL,
    type           text NOT NULL,
    trigger        text NOT NULL,
    status         text NOT NULL,
    -- Single items of the runs, or the runs themselves.
    subject        text NOT NULL CHECK (subject IN ('item', 'run')),
    code           text NOT NULL,
    failures       bigint NOT NULL,
    PRIMARY KEY (project_id, integration_id, span, starts_at, type, trigger, status, subject, code),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_failure_counts');

-- The runs that have ended before there were counts.
CREATE TEMPORARY VIEW ended AS
    SELECT r.*, calibr_run_milliseconds(r.started_at, r.completed_at) AS milliseconds, span.span,
           date_trunc(span.span, r.queued_at, coalesce(z.name, 'UTC')) AS starts_at
    FROM sync_runs r
    JOIN projects p ON p.id = r.project_id
    LEFT JOIN pg_timezone_names z ON z.name = p.time_zone
    JOIN (VALUES ('hour', interval '8 days'), ('day', interval '1000 years'),
                 ('month', interval '1000 years')) AS span (span, kept)
        ON r.queued_at >= now() - span.kept
    WHERE r.status NOT IN ('queued', 'syncing');

INSERT INTO sync_run_counts
SELECT project_id, integration_id, span, starts_at, type, trigger, status,
       calibr_duration_step(milliseconds), count(*), coalesce(sum(milliseconds), 0),
       sum(items_created + items_updated + items_unchanged), sum(items_failed)
FROM ended
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

INSERT INTO sync_failure_counts
SELECT project_id, integration_id, span, starts_at, type, trigger, status, 'run', error_code, count(*)
FROM ended
WHERE status = 'error' AND error_code IS NOT NULL
GROUP BY 1, 2, 3, 4, 5, 6, 7, 9
UNION ALL
SELECT e.project_id, e.integration_id, e.span, e.starts_at, e.type, e.trigger, e.status, 'item',
       f.code, count(*)
FROM ended e
JOIN item_failures f ON f.project_id = e.project_id AND f.run_id = e.id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 9;

DROP VIEW ended;
