-- What others ask for the products of listings, as last seen, and how it was
-- before: a row is closed (`seen_until`) when the offer changes or goes.
CREATE TABLE competitor_offers (
    project_id     uuid NOT NULL,
    listing_id     uuid NOT NULL,
    seller         text NOT NULL,
    seen_from      timestamptz NOT NULL,
    seen_until     timestamptz,
    price_minor    bigint NOT NULL,
    shipping_minor bigint,
    currency       text NOT NULL,
    featured       boolean NOT NULL,
    PRIMARY KEY (project_id, listing_id, seller, seen_from),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('competitor_offers');
CREATE INDEX competitor_offers_now ON competitor_offers (project_id, listing_id)
    WHERE seen_until IS NULL;

-- When each listing's offers were last looked at; those without a row were not
-- yet.
CREATE TABLE competitor_looks (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    listing_id     uuid NOT NULL,
    looked_at      timestamptz NOT NULL,
    PRIMARY KEY (project_id, listing_id),
    FOREIGN KEY (project_id, listing_id) REFERENCES listings (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('competitor_looks');
CREATE INDEX competitor_looks_oldest
    ON competitor_looks (project_id, integration_id, looked_at);
