-- How an integration is to be synced, and when next.
ALTER TABLE integrations
    ADD COLUMN frequency        text NOT NULL DEFAULT 'hourly'
        CHECK (frequency IN ('manual', 'hourly', 'six_hourly', 'daily')),
    -- For 'daily': minutes after midnight in the project's time zone.
    ADD COLUMN daily_at         smallint NOT NULL DEFAULT 180
        CHECK (daily_at BETWEEN 0 AND 1439),
    ADD COLUMN full_sync        text NOT NULL DEFAULT 'weekly'
        CHECK (full_sync IN ('daily', 'weekly', 'never')),
    ADD COLUMN sync_products    boolean NOT NULL DEFAULT true,
    ADD COLUMN sync_prices      boolean NOT NULL DEFAULT false,
    ADD COLUMN conflict_policy  text NOT NULL DEFAULT 'manual'
        CHECK (conflict_policy IN ('platform', 'calibr', 'manual')),
    ADD COLUMN dry_run          boolean NOT NULL DEFAULT false,
    -- How the store is called: what is not set is the connector's own choice.
    ADD COLUMN tuning           jsonb NOT NULL DEFAULT '{}',
    -- Counts up with each save: who saves says which one they looked at.
    ADD COLUMN settings_version bigint NOT NULL DEFAULT 1,
    ADD COLUMN settings_by      uuid REFERENCES users (id) ON DELETE SET NULL,
    ADD COLUMN settings_at      timestamptz,
    -- When the clock starts the next run; one that is past is made up for, once.
    ADD COLUMN next_sync_at     timestamptz,
    -- When a run last read everything the store has.
    ADD COLUMN full_sync_at     timestamptz;

-- What was connected before is read within the hour.
UPDATE integrations
SET next_sync_at = now() + make_interval(mins => 10) + random() * interval '50 minutes'
WHERE status <> 'disconnected';

CREATE INDEX integrations_due ON integrations (next_sync_at)
    WHERE status IN ('connected', 'error') AND NOT paused AND frequency <> 'manual';

-- Integrations, over all projects, whose next run is due by the database's clock,
-- the longest due first: ids only.
CREATE FUNCTION calibr_due_syncs(most integer)
    RETURNS TABLE (project_id uuid, integration_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT i.project_id, i.id
        FROM integrations i
        WHERE i.status IN ('connected', 'error') AND NOT i.paused AND i.frequency <> 'manual'
          AND i.next_sync_at <= now()
        ORDER BY i.next_sync_at
        LIMIT most;
    END;
REVOKE EXECUTE ON FUNCTION calibr_due_syncs(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_due_syncs(integer) TO calibr_app;

-- Whether a run reads the catalogue, decided when it is made: what is set later
-- must not let it say that it has read what it has not.
ALTER TABLE sync_runs ADD COLUMN reads_catalogue boolean NOT NULL DEFAULT true;
UPDATE sync_runs SET reads_catalogue = false WHERE type = 'prices';
