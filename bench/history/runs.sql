-- $1: how many runs the only integration has, one every five minutes until now.
-- One in a thousand failed, one in a hundred was partial, one in fifty thousand
-- pushed prices alone.
INSERT INTO sync_runs
    (project_id, id, integration_id, type, trigger, triggered_by, status, phase, items_created,
     items_updated, items_unchanged, items_failed, items_expected, queued_at, started_at, completed_at,
     attempts, error, error_code)
SELECT i.project_id,
       (lpad(to_hex((extract(epoch FROM asked.at) * 1000)::bigint), 12, '0') || '7'
        || left(md5(n::text), 3) || '8' || right(md5(n::text), 15))::uuid,
       i.id, kind.type, kind.trigger, CASE kind.trigger WHEN 'person' THEN i.connected_by END, kind.status,
       'finish', 2, 30 + n % 7, 4000, CASE kind.status WHEN 'partial' THEN 3 ELSE 0 END, 4100,
       asked.at, asked.at + interval '400 milliseconds',
       asked.at + (5 + n % 90) * interval '1 second', 1,
       CASE kind.status WHEN 'error' THEN 'The store did not answer. The next run tries again.' END,
       CASE kind.status WHEN 'error' THEN 'unreachable' END
FROM integrations i
CROSS JOIN generate_series(1, $1::bigint) n
CROSS JOIN LATERAL (SELECT date_trunc('milliseconds', now()) - ($1 - n) * interval '5 minutes') AS asked (at)
CROSS JOIN LATERAL (
    SELECT CASE WHEN n % 50000 = 7 THEN 'prices' WHEN n % 288 = 3 THEN 'full' ELSE 'incremental' END,
           CASE WHEN n % 40 = 5 THEN 'person' WHEN n % 5 = 1 THEN 'webhook' ELSE 'schedule' END,
           CASE WHEN n % 1000 = 11 THEN 'error' WHEN n % 100 = 1 THEN 'partial' ELSE 'success' END
) AS kind (type, trigger, status)
