-- From when on a queued run may be taken up (the database's clock).
ALTER TABLE sync_runs ADD COLUMN due_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX sync_runs_waiting ON sync_runs (due_at) WHERE status = 'queued';

-- The run whose turn it is, over all projects: of those that may be taken up, one
-- of the project that has the fewest under way, the longest waiting first.
CREATE FUNCTION calibr_next_run()
    RETURNS TABLE (project_id uuid, run_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH busy AS (
            SELECT r.project_id, count(*) AS runs FROM sync_runs r
            WHERE r.status = 'syncing' AND r.lease_until >= now()
            GROUP BY r.project_id
        )
        SELECT r.project_id, r.id
        FROM sync_runs r LEFT JOIN busy b ON b.project_id = r.project_id
        WHERE r.status = 'queued' AND r.due_at <= now()
        ORDER BY coalesce(b.runs, 0), r.due_at, r.id
        LIMIT 1;
    END;
REVOKE EXECUTE ON FUNCTION calibr_next_run() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_next_run() TO calibr_app;

-- Whether a project that has fewer runs under way than this one has waited so long
-- for a worker.
CREATE FUNCTION calibr_someone_waits(behind uuid, waited interval)
    RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH busy AS (
            SELECT r.project_id, count(*) AS runs FROM sync_runs r
            WHERE r.status = 'syncing' AND r.lease_until >= now()
            GROUP BY r.project_id
        )
        SELECT EXISTS (
            SELECT FROM sync_runs r LEFT JOIN busy b ON b.project_id = r.project_id
            WHERE r.status = 'queued' AND r.due_at <= now() - waited
              AND coalesce(b.runs, 0)
                  < coalesce((SELECT runs FROM busy WHERE busy.project_id = behind), 0)
        );
    END;
REVOKE EXECUTE ON FUNCTION calibr_someone_waits(uuid, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_someone_waits(uuid, interval) TO calibr_app;
