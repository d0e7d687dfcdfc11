CREATE TABLE sync_runs (
    project_id       uuid NOT NULL,
    id               uuid NOT NULL,
    integration_id   uuid NOT NULL,
    type             text NOT NULL CHECK (type IN ('full', 'incremental')),
    trigger          text NOT NULL CHECK (trigger IN ('schedule', 'person', 'webhook', 'retry')),
    triggered_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    status           text NOT NULL
        CHECK (status IN ('queued', 'syncing', 'success', 'partial', 'error', 'cancelled')),
    phase            text NOT NULL
        CHECK (phase IN ('authenticate', 'pull_catalogue', 'reconcile', 'push_prices',
                         'pull_orders', 'finish')),
    items_created    bigint NOT NULL DEFAULT 0,
    items_updated    bigint NOT NULL DEFAULT 0,
    items_unchanged  bigint NOT NULL DEFAULT 0,
    items_removed    bigint NOT NULL DEFAULT 0,
    items_failed     bigint NOT NULL DEFAULT 0,
    items_expected   bigint,
    queued_at        timestamptz NOT NULL,
    started_at       timestamptz,
    completed_at     timestamptz,
    -- Workers that took it up, lost ones included.
    attempts         integer NOT NULL DEFAULT 0,
    -- Attempts since the last checkpoint: what backing off goes by.
    fruitless        integer NOT NULL DEFAULT 0,
    error            text,
    error_code       text,
    -- Where the catalogue is taken up again, in the connector's own words.
    checkpoint       jsonb,
    -- For an incremental run: changes at or after this moment are read.
    since            timestamptz,
    -- Every change before this moment will be here when the run has come through.
    watermark        timestamptz,
    -- Who carries it, until when unless renewed (the database's clock).
    lease_owner      uuid,
    lease_until      timestamptz,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_runs');
CREATE INDEX sync_runs_by_integration ON sync_runs (project_id, integration_id, id DESC);
-- Never two at once for one integration.
CREATE UNIQUE INDEX sync_runs_one_active ON sync_runs (project_id, integration_id)
    WHERE status IN ('queued', 'syncing');
-- The look-out for lost workers.
CREATE INDEX sync_runs_active ON sync_runs (lease_until) WHERE status IN ('queued', 'syncing');

CREATE TABLE sync_run_phases (
    project_id uuid NOT NULL,
    run_id     uuid NOT NULL,
    phase      text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (project_id, run_id, phase),
    FOREIGN KEY (project_id, run_id) REFERENCES sync_runs (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_run_phases');

CREATE TABLE item_failures (
    project_id  uuid NOT NULL,
    run_id      uuid NOT NULL,
    -- Counts up within the run.
    id          bigint NOT NULL,
    external_id text,
    label       text,
    code        text NOT NULL,
    message     text NOT NULL,
    class       text NOT NULL CHECK (class IN ('retryable', 'needs_action', 'permanent')),
    answer      text,
    attempts    integer NOT NULL DEFAULT 1,
    at          timestamptz NOT NULL,
    PRIMARY KEY (project_id, run_id, id),
    FOREIGN KEY (project_id, run_id) REFERENCES sync_runs (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('item_failures');

-- Listings that a full run has met and that were there before it: the rest is
-- gone from the store. Emptied when the run ends.
CREATE TABLE sync_run_seen (
    project_id uuid NOT NULL,
    run_id     uuid NOT NULL,
    listing_id uuid NOT NULL,
    PRIMARY KEY (project_id, run_id, listing_id),
    FOREIGN KEY (project_id, run_id) REFERENCES sync_runs (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_run_seen');

-- Runs that no worker carries although they should be under way, over all
-- projects: ids only.
CREATE FUNCTION calibr_lost_runs()
    RETURNS TABLE (project_id uuid, run_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT r.project_id, r.id
        FROM sync_runs r
        WHERE r.status IN ('queued', 'syncing') AND r.lease_until < now();
    END;
REVOKE EXECUTE ON FUNCTION calibr_lost_runs() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_lost_runs() TO calibr_app;
