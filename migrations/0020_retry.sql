-- What fails, why, and what is done about it.

ALTER TABLE sync_runs DROP CONSTRAINT sync_runs_type_check;
ALTER TABLE sync_runs ADD CONSTRAINT sync_runs_type_check
    CHECK (type IN ('full', 'incremental', 'prices', 'retry'));
ALTER TABLE sync_runs
    -- The run whose failures it retries, and only those of which code.
    ADD COLUMN retry_of      uuid,
    ADD COLUMN retry_code    text,
    -- Which retry in a row that nobody asked for; 0 where a person did.
    ADD COLUMN retry_number  smallint NOT NULL DEFAULT 0,
    -- What of the earlier run was left out: it came through since, or is parked.
    ADD COLUMN items_skipped bigint NOT NULL DEFAULT 0,
    ADD COLUMN items_parked  bigint NOT NULL DEFAULT 0,
    -- What the store was asked with when the run began: a checkpoint of other
    -- settings is of no use.
    ADD COLUMN config_hash   bytea,
    -- Lines of its log, those that were left out since included.
    ADD COLUMN log_lines     bigint NOT NULL DEFAULT 0;

-- The listings of a product as one integration has it, whichever product of the
-- project they belong to.
CREATE INDEX listings_external_product
    ON listings (project_id, integration_id, external_product_id);

-- What happened in a run, in words. Of a long course the beginning and the end.
CREATE TABLE sync_run_log (
    project_id uuid NOT NULL,
    run_id     uuid NOT NULL,
    -- Counts up within the run.
    id         bigint NOT NULL,
    at         timestamptz NOT NULL,
    event      text NOT NULL
        CHECK (event IN ('taken_up', 'phase', 'waiting', 'tried_again', 'handed_over',
                         'worker_lost', 'anew', 'note', 'ended')),
    text       text NOT NULL,
    PRIMARY KEY (project_id, run_id, id),
    FOREIGN KEY (project_id, run_id) REFERENCES sync_runs (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_run_log');

-- The items that a retry reads again, and what became of each.
CREATE TABLE sync_run_items (
    project_id          uuid NOT NULL,
    run_id              uuid NOT NULL,
    ordinal             bigint NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('listing', 'product', 'order')),
    external_id         text NOT NULL,
    product_external_id text,
    -- Empty until its turn comes.
    outcome             text CHECK (outcome IN ('synced', 'failed', 'gone')),
    PRIMARY KEY (project_id, run_id, ordinal),
    UNIQUE (project_id, run_id, kind, external_id),
    FOREIGN KEY (project_id, run_id) REFERENCES sync_runs (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sync_run_items');

ALTER TABLE item_failures DROP CONSTRAINT item_failures_kind_check;
ALTER TABLE item_failures ADD CONSTRAINT item_failures_kind_check
    CHECK (kind IN ('listing', 'product', 'order', 'price'));
ALTER TABLE item_failures
    -- The platform's id of the product that a variant is of.
    ADD COLUMN product_external_id text,
    -- What was asked of the platform for this item, redacted and shortened.
    ADD COLUMN request             text,
    -- When request and answer were removed, and by whom; nobody where their time
    -- was over.
    ADD COLUMN expunged_at         timestamptz,
    ADD COLUMN expunged_by         uuid REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX item_failures_by_code ON item_failures (project_id, run_id, code, id);
-- What of the platforms' words is to go when its time is over.
CREATE INDEX item_failures_captured ON item_failures (at)
    WHERE answer IS NOT NULL OR request IS NOT NULL;

-- Items of an integration that failed when they were last tried. One that comes
-- through, or is gone, has no row.
CREATE TABLE failing_items (
    project_id          uuid NOT NULL,
    integration_id      uuid NOT NULL,
    kind                text NOT NULL CHECK (kind IN ('listing', 'product', 'order', 'price')),
    external_id         text NOT NULL,
    product_external_id text,
    label               text,
    code                text NOT NULL,
    class               text NOT NULL CHECK (class IN ('retryable', 'needs_action', 'permanent')),
    -- When the store says that it last changed it, in the store's own words.
    version             text,
    -- In how many runs in a row it failed with this code, unchanged.
    times               integer NOT NULL,
    since               timestamptz NOT NULL,
    last_at             timestamptz NOT NULL,
    last_run_id         uuid NOT NULL,
    -- Since when it is left alone; empty while it is not.
    parked_at           timestamptz,
    PRIMARY KEY (project_id, integration_id, kind, external_id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('failing_items');
CREATE INDEX failing_items_parked ON failing_items (project_id, integration_id, kind, external_id)
    WHERE parked_at IS NOT NULL;

UPDATE item_failures SET kind = 'product'
WHERE kind = 'listing' AND external_id LIKE 'gid://shopify/Product/%';

-- What failed in the last run that read, and has not come since.
INSERT INTO failing_items (project_id, integration_id, kind, external_id, label, code, class,
                           times, since, last_at, last_run_id)
SELECT DISTINCT ON (f.project_id, r.integration_id, f.kind, f.external_id)
       f.project_id, r.integration_id, f.kind, f.external_id, f.label, f.code, f.class,
       1, f.at, f.at, f.run_id
FROM item_failures f
JOIN sync_runs r ON r.project_id = f.project_id AND r.id = f.run_id
WHERE f.external_id IS NOT NULL
  AND NOT EXISTS (SELECT FROM sync_runs later
                  WHERE later.project_id = r.project_id
                    AND later.integration_id = r.integration_id AND later.id > r.id
                    AND later.status = 'success' AND later.type <> 'prices')
  AND NOT EXISTS (SELECT FROM listings l
                  WHERE f.kind = 'listing' AND l.project_id = r.project_id
                    AND l.integration_id = r.integration_id AND l.external_id = f.external_id
                    AND l.updated_at > f.at)
ORDER BY f.project_id, r.integration_id, f.kind, f.external_id, f.run_id DESC, f.id;

-- Clears the platforms' words of failures that are older than a moment, over all
-- projects, some at a time.
CREATE FUNCTION calibr_expunge_answers(seen_before timestamptz, most integer)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH due AS (
            SELECT project_id, run_id, id FROM item_failures
            WHERE at < seen_before AND (answer IS NOT NULL OR request IS NOT NULL)
            ORDER BY at LIMIT most
            FOR UPDATE SKIP LOCKED
        ), cleared AS (
            UPDATE item_failures f
            SET answer = NULL, request = NULL, expunged_at = now()
            FROM due
            WHERE f.project_id = due.project_id AND f.run_id = due.run_id AND f.id = due.id
            RETURNING 1
        )
        SELECT count(*) FROM cleared;
    END;
REVOKE EXECUTE ON FUNCTION calibr_expunge_answers(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_expunge_answers(timestamptz, integer) TO calibr_app;
