-- Search over products. Trigram operators are not leakproof, so under
-- row-level security PostgreSQL would not use their index: the function runs
-- as the owner and keeps to the transaction's project by itself.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

CREATE INDEX products_search ON products USING gin (title_key gin_trgm_ops);
CREATE INDEX variants_sku_prefix ON variants (project_id, lower(sku) text_pattern_ops)
    WHERE sku IS NOT NULL;
CREATE INDEX products_vendor_prefix ON products (project_id, lower(vendor) text_pattern_ops)
    WHERE vendor IS NOT NULL;

-- `words` are lower-case LIKE patterns without the outer %; every one must be
-- in the title, or the whole text must begin a SKU or a vendor's name.
CREATE FUNCTION calibr_search_products(patterns text[], prefix text)
    RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT p.id FROM products p
        WHERE p.project_id = (SELECT calibr_project()) AND p.title_key LIKE ALL (patterns)
        UNION
        SELECT p.id FROM products p
        WHERE p.project_id = (SELECT calibr_project()) AND lower(p.vendor) LIKE prefix
        UNION
        SELECT v.product_id FROM variants v
        WHERE v.project_id = (SELECT calibr_project()) AND v.sku IS NOT NULL
          AND lower(v.sku) LIKE prefix;
    END;
REVOKE EXECUTE ON FUNCTION calibr_search_products(text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_search_products(text[], text) TO calibr_app;
