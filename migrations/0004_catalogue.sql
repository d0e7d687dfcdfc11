-- The catalogue as Calibr holds it.
CREATE TABLE products (
    project_id            uuid NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    id                    uuid NOT NULL,
    -- The integration it came from first; that one's titles count.
    origin_integration_id uuid NOT NULL,
    title                 text NOT NULL,
    -- Lower-case, shortened: order of the list, and what search looks through.
    -- Keys are made by the program, so that they do not hang on the server's
    -- locale and an index takes them however long the title is.
    title_key             text COLLATE "C" NOT NULL,
    vendor                text,
    vendor_key            text COLLATE "C" NOT NULL,
    product_type          text,
    handle                text,
    image_url             text,
    state                 text NOT NULL CHECK (state IN ('active', 'draft', 'archived', 'gone')),
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    PRIMARY KEY (project_id, id)
);
CALL calibr_guard_tenant_table('products');
CREATE INDEX products_by_title ON products (project_id, title_key, id);
CREATE INDEX products_by_update ON products (project_id, updated_at DESC, id DESC);

CREATE TABLE variants (
    project_id            uuid NOT NULL,
    id                    uuid NOT NULL,
    product_id            uuid NOT NULL,
    origin_integration_id uuid NOT NULL,
    title                 text NOT NULL,
    sku                   text,
    -- Lower-case, shortened.
    sku_key               text COLLATE "C",
    barcode               text,
    created_at            timestamptz NOT NULL,
    updated_at            timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    FOREIGN KEY (project_id, product_id) REFERENCES products (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('variants');
CREATE INDEX variants_product ON variants (project_id, product_id);
-- Two stores' listings of one SKU are one variant: matched by this. And search
-- finds SKUs by their beginning.
CREATE INDEX variants_sku ON variants (project_id, sku_key) WHERE sku_key IS NOT NULL;

-- A product as one integration has it.
CREATE TABLE product_links (
    project_id     uuid NOT NULL,
    integration_id uuid NOT NULL,
    external_id    text NOT NULL,
    product_id     uuid NOT NULL,
    title          text NOT NULL,
    state          text NOT NULL CHECK (state IN ('active', 'draft', 'archived', 'gone')),
    record_hash    bytea NOT NULL,
    PRIMARY KEY (project_id, integration_id, external_id),
    FOREIGN KEY (project_id, product_id) REFERENCES products (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('product_links');
CREATE INDEX product_links_product ON product_links (project_id, product_id);

-- A variant as one integration offers it.
CREATE TABLE listings (
    project_id          uuid NOT NULL,
    id                  uuid NOT NULL,
    integration_id      uuid NOT NULL,
    external_id         text NOT NULL,
    external_product_id text NOT NULL,
    product_id          uuid NOT NULL,
    variant_id          uuid NOT NULL,
    title               text NOT NULL,
    sku                 text,
    price_minor         bigint,
    compare_at_minor    bigint,
    currency            text,
    stock               bigint,
    state               text NOT NULL CHECK (state IN ('active', 'draft', 'archived', 'gone')),
    record_hash         bytea NOT NULL,
    external_updated_at timestamptz,
    -- The run that brought it first: a full run need not mark these as seen.
    first_run_id        uuid NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    PRIMARY KEY (project_id, id),
    UNIQUE (project_id, integration_id, external_id),
    CHECK ((price_minor IS NULL AND compare_at_minor IS NULL) OR currency IS NOT NULL),
    FOREIGN KEY (project_id, integration_id)
        REFERENCES integrations (project_id, id) ON DELETE CASCADE,
    FOREIGN KEY (project_id, variant_id) REFERENCES variants (project_id, id) ON DELETE CASCADE
);
CALL calibr_guard_tenant_table('listings');
CREATE INDEX listings_product ON listings (project_id, product_id);
CREATE INDEX listings_variant ON listings (project_id, variant_id);
