-- The ledger learns what both sides last agreed on, and follows the struck-through
-- price as it follows the price.
ALTER TABLE listing_prices
    -- The price that the store last showed as wanted; for one that is on its way,
    -- what its preview saw.
    ADD COLUMN base_minor             bigint,
    ADD COLUMN desired_compare        text NOT NULL DEFAULT 'keep'
        CHECK (desired_compare IN ('keep', 'clear', 'set')),
    ADD COLUMN desired_compare_minor  bigint,
    ADD COLUMN observed_compare_minor bigint,
    ADD COLUMN base_compare_minor     bigint,
    -- When the store was first seen with the struck-through price that is wanted.
    ADD COLUMN compare_confirmed_at   timestamptz;

UPDATE listing_prices d
SET base_minor = CASE WHEN d.confirmed_at IS NULL THEN n.old_minor ELSE d.sent_minor END,
    desired_compare = n.compare_at,
    desired_compare_minor = CASE n.compare_at WHEN 'set' THEN n.new_compare_minor END,
    observed_compare_minor = l.compare_at_minor,
    base_compare_minor = CASE WHEN n.status = 'observed' AND n.compare_at <> 'keep'
                              THEN n.new_compare_minor ELSE n.old_compare_minor END,
    compare_confirmed_at = CASE WHEN n.status = 'observed' AND n.compare_at <> 'keep'
                                THEN coalesce(d.confirmed_at, d.observed_at) END
FROM price_push_items n
JOIN listings l ON l.project_id = n.project_id AND l.id = n.listing_id
WHERE n.project_id = d.project_id AND n.listing_id = d.listing_id AND n.push_id = d.push_id
  AND n.status NOT IN ('same', 'refused');

-- The price of such an item is sent as the store has it, beside the struck-through
-- price that is wanted: it says nothing of which price is wanted.
ALTER TABLE price_push_items ADD COLUMN keeps_price boolean NOT NULL DEFAULT false;
-- Made by a store's policy and by nobody.
ALTER TABLE price_pushes ADD COLUMN automatic boolean NOT NULL DEFAULT false;

-- A field of a listing for which the store shows another value than the one that
-- is wanted here, though that one was there before or is on its way. Amounts are
-- null where a side has none.
CREATE TABLE price_conflicts (
    project_id     uuid NOT NULL,
    id             uuid NOT NULL,
    integration_id uuid NOT NULL,
    listing_id     uuid NOT NULL,
    field          text NOT NULL CHECK (field IN ('price', 'compare_at')),
    currency       text NOT NULL,
    base_minor     bigint,
    ours_minor     bigint,
    theirs_minor   bigint,
    status         text NOT NULL CHECK (status IN ('open', 'resolved', 'superseded')),
    is_open        boolean NOT NULL GENERATED ALWAYS AS (status = 'open') STORED,
    -- Counts up with each move: who decides says which one they looked at.
    version        bigint NOT NULL DEFAULT 1,
    found_at       timestamptz NOT NULL,
    -- When the store was last seen to move it.
    moved_at       timestamptz NOT NULL,
    run_id         uuid,
    -- Why the store's policy did not decide it, or why it is open again.
    held_reason    text CHECK (held_reason IN ('no_floor', 'not_automatic', 'dry_run',
                                               'outside_bounds', 'fought_over', 'not_sent')),
    held_message   text,
    resolution     text CHECK (resolution IN ('ours', 'theirs')),
    -- By a person or by a policy.
    decided_by     uuid REFERENCES users (id) ON DELETE SET NULL,
    policy         text CHECK (policy IN ('platform', 'calibr')),
    decided_at     timestamptz,
    -- The same for all that were decided at once.
    decision_id    uuid,
    -- The push that sends what is wanted here.
    push_id        uuid,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE,
    CHECK ((status = 'resolved') = (resolution IS NOT NULL)),
    CHECK ((held_reason IS NULL) = (held_message IS NULL))
);
CALL calibr_guard_tenant_table('price_conflicts');
CREATE UNIQUE INDEX price_conflicts_one_open
    ON price_conflicts (project_id, listing_id, field) WHERE status = 'open';
CREATE INDEX price_conflicts_listing ON price_conflicts (project_id, listing_id);
CREATE INDEX price_conflicts_inbox ON price_conflicts (project_id, is_open, found_at, id);
CREATE INDEX price_conflicts_store
    ON price_conflicts (project_id, integration_id, is_open, found_at, id);
CREATE INDEX price_conflicts_decision ON price_conflicts (project_id, decision_id)
    WHERE decision_id IS NOT NULL;
CREATE INDEX price_conflicts_push ON price_conflicts (project_id, push_id)
    WHERE push_id IS NOT NULL;
