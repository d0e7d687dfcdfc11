-- The counts that would have been kept of the runs.
INSERT INTO sync_run_counts
SELECT r.project_id, r.integration_id, span.word, date_trunc(span.word, r.queued_at, 'UTC'), r.type, r.trigger,
       r.status, calibr_duration_step(calibr_run_milliseconds(r.started_at, r.completed_at)), count(*),
       sum(calibr_run_milliseconds(r.started_at, r.completed_at)),
       sum(r.items_created + r.items_updated + r.items_unchanged), sum(r.items_failed)
FROM sync_runs r
JOIN (VALUES ('hour', interval '8 days'), ('day', interval '100 years'),
             ('month', interval '100 years')) AS span (word, kept)
    ON r.queued_at >= now() - span.kept
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
