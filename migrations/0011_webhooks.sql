-- Messages that platforms send by themselves.
ALTER TABLE integrations
    -- How many times messages told that something changed, and how many of these
    -- a run has read since: a run follows while the two differ.
    ADD COLUMN changes_told        bigint NOT NULL DEFAULT 0,
    ADD COLUMN changes_read        bigint NOT NULL DEFAULT 0,
    -- When the subscriptions were last compared with what is wanted (the
    -- database's clock).
    ADD COLUMN webhooks_checked_at timestamptz;
ALTER TABLE sync_runs
    -- What had been told when the run began: it reads all of that.
    ADD COLUMN changes_told bigint;

-- What signs messages where the subscriber may choose it, newest first.
CREATE TABLE webhook_secrets (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    id             uuid NOT NULL,
    data_key_id    uuid NOT NULL,
    sealed         bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (project_id, integration_id, id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE,
    -- A data key does not go while it seals something.
    FOREIGN KEY (project_id, integration_id, data_key_id)
        REFERENCES data_keys (project_id, integration_id, id)
);
CALL calibr_guard_tenant_table('webhook_secrets');

-- A wanted topic, and how the platform stands to it.
CREATE TABLE webhook_subscriptions (
    project_id       uuid NOT NULL,
    integration_id   uuid NOT NULL,
    topic            text NOT NULL,
    state            text NOT NULL CHECK (state IN ('active', 'inactive', 'missing')),
    -- The platform's id, while there is one.
    external_id      text,
    address          text NOT NULL,
    error            text,
    checked_at       timestamptz NOT NULL,
    last_delivery_at timestamptz,
    PRIMARY KEY (project_id, integration_id, topic),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('webhook_subscriptions');

-- The log of what came. It holds no personal data: of an order the id alone, of
-- a product a redacted body.
CREATE TABLE webhook_deliveries (
    project_id     uuid NOT NULL,
    id             uuid NOT NULL,
    integration_id uuid NOT NULL,
    received_at    timestamptz NOT NULL,
    -- Unknown where nobody has signed.
    topic          text,
    signature      text NOT NULL CHECK (signature IN ('valid', 'invalid')),
    -- SHA-256 of the connector's key, where sameness counts.
    dedupe_key     bytea,
    happened_at    timestamptz,
    means          jsonb,
    state          text NOT NULL
        CHECK (state IN ('queued', 'done', 'duplicate', 'refused', 'failed')),
    effect         text
        CHECK (effect IN ('sync_queued', 'sync_follows', 'first_import', 'held_back', 'removed',
                          'access_revoked', 'access_stands', 'nothing')),
    run_id         uuid,
    -- The delivery that was handed in again by a person.
    replay_of      uuid,
    attempts       integer NOT NULL DEFAULT 0,
    error          text,
    size_bytes     bigint NOT NULL,
    payload        text,
    handled_at     timestamptz,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('webhook_deliveries');
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (project_id, integration_id, id DESC);
CREATE UNIQUE INDEX webhook_deliveries_once
    ON webhook_deliveries (project_id, integration_id, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX webhook_deliveries_queued ON webhook_deliveries (project_id, integration_id, id)
    WHERE state = 'queued';
-- A run that was reading meanwhile is told of these again at its end.
CREATE INDEX webhook_deliveries_of_deletions
    ON webhook_deliveries (project_id, integration_id, received_at)
    WHERE (means ->> 'kind') = 'product_deleted';
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (received_at);

-- What came unsigned or twice, by the hour: counted always, kept in the log only
-- as far as it is little.
CREATE TABLE webhook_counts (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    hour           timestamptz NOT NULL,
    refused        bigint NOT NULL DEFAULT 0,
    duplicates     bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, integration_id, hour),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('webhook_counts');
CREATE INDEX webhook_counts_age ON webhook_counts (hour);

-- A message names its integration alone.
CREATE FUNCTION calibr_project_of_integration(wanted uuid)
    RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT project_id FROM integrations WHERE id = wanted LIMIT 1;
    END;
REVOKE EXECUTE ON FUNCTION calibr_project_of_integration(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_project_of_integration(uuid) TO calibr_app;

-- Connected integrations of these platforms, over all projects, whose
-- subscriptions were not looked at for so long: ids only.
CREATE FUNCTION calibr_due_webhook_checks(of_platforms text[], every interval)
    RETURNS TABLE (project_id uuid, integration_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT i.project_id, i.id
        FROM integrations i
        -- Before the first import, its run looks at them when it begins.
        WHERE i.status = 'connected' AND i.watermark IS NOT NULL
          AND i.platform = ANY (of_platforms)
          AND (i.webhooks_checked_at IS NULL OR i.webhooks_checked_at < now() - every);
    END;
REVOKE EXECUTE ON FUNCTION calibr_due_webhook_checks(text[], interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_due_webhook_checks(text[], interval) TO calibr_app;

-- Clears away, over all projects, what came before a moment.
CREATE FUNCTION calibr_remove_webhook_deliveries(came_before timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH counts AS (
            DELETE FROM webhook_counts WHERE hour < came_before RETURNING 1
        ), removed AS (
            DELETE FROM webhook_deliveries WHERE received_at < came_before RETURNING 1
        )
        SELECT count(*) FROM removed;
    END;
REVOKE EXECUTE ON FUNCTION calibr_remove_webhook_deliveries(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_remove_webhook_deliveries(timestamptz) TO calibr_app;
