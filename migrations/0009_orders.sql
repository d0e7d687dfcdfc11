-- What a store sold: what analytics needs of its orders, and nothing of whom.
CREATE TABLE orders (
    project_id          uuid NOT NULL,
    integration_id      uuid NOT NULL,
    external_id         text NOT NULL,
    placed_at           timestamptz NOT NULL,
    -- The merchant's day it was placed on, by the project's time zone.
    day                 date NOT NULL,
    external_updated_at timestamptz,
    -- A cancelled order's lines count for nothing.
    cancelled           boolean NOT NULL,
    record_hash         bytea NOT NULL,
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (project_id, integration_id, external_id),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('orders');
CREATE INDEX orders_by_day ON orders (project_id, day);

CREATE TABLE order_lines (
    project_id          uuid NOT NULL,
    integration_id      uuid NOT NULL,
    order_external_id   text NOT NULL,
    external_id         text NOT NULL,
    -- As the platform says what was bought; the listing, once it is known.
    listing_external_id text,
    listing_id          uuid,
    sku                 text,
    quantity            bigint NOT NULL,
    refunded_quantity   bigint NOT NULL,
    amount_minor        bigint NOT NULL,
    refunded_minor      bigint NOT NULL,
    currency            text NOT NULL,
    PRIMARY KEY (project_id, integration_id, order_external_id, external_id),
    FOREIGN KEY (project_id, integration_id, order_external_id)
        REFERENCES orders (project_id, integration_id, external_id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('order_lines');
-- Lines that wait for their listing.
CREATE INDEX order_lines_unlinked ON order_lines (project_id, integration_id)
    WHERE listing_id IS NULL AND listing_external_id IS NOT NULL;
CREATE INDEX order_lines_listing ON order_lines (project_id, listing_id);

-- What each listing sold on each of the merchant's days: kept up with every
-- change of an order line, in the same transaction.
CREATE TABLE sales_daily (
    project_id     uuid NOT NULL,
    listing_id     uuid NOT NULL,
    day            date NOT NULL,
    currency       text NOT NULL,
    -- Bought, and of these given back.
    units          bigint NOT NULL,
    refunded_units bigint NOT NULL,
    revenue_minor  bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    PRIMARY KEY (project_id, listing_id, day, currency),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('sales_daily');
CREATE INDEX sales_daily_by_day ON sales_daily (project_id, day);

-- Every order the store placed or changed before this moment is here.
ALTER TABLE integrations ADD COLUMN orders_watermark timestamptz;

-- Why the store does not let its orders be read, where it does not.
ALTER TABLE integrations ADD COLUMN orders_refused text;

ALTER TABLE sync_runs ADD COLUMN orders_read bigint NOT NULL DEFAULT 0;

-- What kind of record failed: listings, orders and prices are counted apart.
ALTER TABLE item_failures ADD COLUMN kind text NOT NULL DEFAULT 'listing'
    CHECK (kind IN ('listing', 'order', 'price'));
