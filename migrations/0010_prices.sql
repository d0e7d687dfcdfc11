-- What prices must keep to before they are sent anywhere; by currency, as an
-- amount means nothing without one.
CREATE TABLE price_guardrails (
    project_id    uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    currency      text NOT NULL,
    floor_minor   bigint CHECK (floor_minor > 0),
    ceiling_minor bigint CHECK (ceiling_minor > 0),
    -- The largest change in hundredths of a per cent.
    max_change_bp integer CHECK (max_change_bp > 0),
    updated_by    uuid REFERENCES users (id) ON DELETE SET NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (project_id, currency),
    CHECK (floor_minor <= ceiling_minor)
);
CALL calibr_guard_tenant_table('price_guardrails');

-- Prices that somebody wants the stores to have: first a preview, then, once
-- applied, work for the stores' next runs.
CREATE TABLE price_pushes (
    project_id     uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    id             uuid NOT NULL,
    status         text NOT NULL
        CHECK (status IN ('preparing', 'preview', 'queued', 'pushing', 'done', 'partial', 'failed',
                          'discarded')),
    reason         text NOT NULL,
    -- The push whose prices this one takes back.
    reverts        uuid,
    -- Of what the preview saw and means to do.
    hash           bytea,
    created_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at     timestamptz NOT NULL,
    applied_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    applied_at     timestamptz,
    completed_at   timestamptz,
    -- Why it could not be prepared.
    error          text,
    items_planned  bigint NOT NULL DEFAULT 0,
    items_same     bigint NOT NULL DEFAULT 0,
    items_refused  bigint NOT NULL DEFAULT 0,
    -- Of those planned: shown by the store, taken but not yet shown, not taken.
    items_observed bigint NOT NULL DEFAULT 0,
    items_accepted bigint NOT NULL DEFAULT 0,
    items_failed   bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (project_id, id)
);
CALL calibr_guard_tenant_table('price_pushes');

CREATE TABLE price_push_items (
    project_id        uuid NOT NULL,
    push_id           uuid NOT NULL,
    ordinal           bigint NOT NULL,
    -- Where it stood in what was pasted or uploaded, from 1, and how it named
    -- the listing.
    line              bigint,
    reference         text NOT NULL,
    listing_id        uuid,
    integration_id    uuid,
    currency          text,
    old_minor         bigint,
    old_compare_minor bigint,
    new_minor         bigint,
    compare_at        text NOT NULL CHECK (compare_at IN ('keep', 'clear', 'set')),
    new_compare_minor bigint,
    status            text NOT NULL
        CHECK (status IN ('planned', 'same', 'refused', 'queued', 'sent', 'accepted', 'observed',
                          'failed', 'discarded')),
    code              text,
    message           text,
    PRIMARY KEY (project_id, push_id, ordinal),
    FOREIGN KEY (project_id, push_id) REFERENCES price_pushes (project_id, id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('price_push_items');
CREATE INDEX price_push_items_listing ON price_push_items (project_id, listing_id);
CREATE INDEX price_push_items_waiting
    ON price_push_items (project_id, integration_id, push_id, ordinal)
    WHERE status IN ('queued', 'sent');
CREATE INDEX price_push_items_by_status
    ON price_push_items (project_id, push_id, status, ordinal);

-- Where each listing's price stands on its way: desired, sent, accepted by the
-- platform, observed at the store; each with its time. A listing has a row once
-- a price was desired for it.
CREATE TABLE listing_prices (
    project_id     uuid NOT NULL,
    listing_id     uuid NOT NULL,
    currency       text NOT NULL,
    push_id        uuid NOT NULL,
    desired_minor  bigint NOT NULL,
    desired_at     timestamptz NOT NULL,
    sent_minor     bigint,
    sent_at        timestamptz,
    accepted_minor bigint,
    accepted_at    timestamptz,
    observed_minor bigint,
    observed_at    timestamptz,
    -- When the store was first seen with what was sent.
    confirmed_at   timestamptz,
    PRIMARY KEY (project_id, listing_id),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('listing_prices');

-- Every price that moved on a listing, from either side.
CREATE TABLE price_changes (
    project_id     uuid NOT NULL,
    id             uuid NOT NULL,
    listing_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    old_minor      bigint,
    old_currency   text,
    new_minor      bigint,
    new_currency   text,
    at             timestamptz NOT NULL,
    source         text NOT NULL CHECK (source IN ('platform', 'push', 'revert')),
    reason         text NOT NULL,
    user_id        uuid REFERENCES users (id) ON DELETE SET NULL,
    push_id        uuid,
    run_id         uuid,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('price_changes');
CREATE INDEX price_changes_listing ON price_changes (project_id, listing_id, at DESC);
CREATE INDEX price_changes_by_time ON price_changes (project_id, at DESC, id DESC);

ALTER TABLE sync_runs ADD COLUMN prices_pushed bigint NOT NULL DEFAULT 0;
ALTER TABLE sync_runs DROP CONSTRAINT sync_runs_type_check;
ALTER TABLE sync_runs ADD CONSTRAINT sync_runs_type_check
    CHECK (type IN ('full', 'incremental', 'prices'));
