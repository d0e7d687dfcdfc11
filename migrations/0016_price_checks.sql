-- Checks of a preview by the stores' platforms, which say what they would make of
-- each price and change nothing. One for each store of a push; asked for again,
-- it begins anew.
CREATE TABLE price_push_checks (
    project_id     uuid NOT NULL,
    push_id        uuid NOT NULL,
    integration_id uuid NOT NULL,
    status         text NOT NULL
        CHECK (status IN ('queued', 'checking', 'done', 'failed', 'cancelled')),
    -- How many prices the push has for the store, and how many of them are
    -- checked: the first ones, where they are too many.
    items_planned  bigint NOT NULL,
    items_total    bigint NOT NULL,
    items_accepted bigint NOT NULL DEFAULT 0,
    items_refused  bigint NOT NULL DEFAULT 0,
    -- How many were asked about, whatever came of it, and the last one's number.
    items_tried    bigint NOT NULL DEFAULT 0,
    last_ordinal   bigint NOT NULL DEFAULT -1,
    -- Attempts in a row that came to nothing.
    fruitless      integer NOT NULL DEFAULT 0,
    -- Why it waits, or why it ended.
    error          text,
    begun_by       uuid REFERENCES users (id) ON DELETE SET NULL,
    begun_at       timestamptz NOT NULL,
    completed_at   timestamptz,
    PRIMARY KEY (project_id, push_id, integration_id),
    FOREIGN KEY (project_id, push_id) REFERENCES price_pushes (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('price_push_checks');

-- What the platform said of each price when it was checked.
ALTER TABLE price_push_items
    ADD COLUMN trial text CHECK (trial IN ('accepted', 'refused')),
    ADD COLUMN trial_code text,
    ADD COLUMN trial_message text;
CREATE INDEX price_push_items_trial_refused ON price_push_items (project_id, push_id, ordinal)
    WHERE trial = 'refused';
