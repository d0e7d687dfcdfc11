-- Search over products. Trigram operators are not leakproof, so under
-- row-level security PostgreSQL would not use their index: the function runs
-- as the owner and keeps to the transaction's project by itself.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- Words have no line break in them, so none is found across title and vendor.
CREATE INDEX products_search ON products
    USING gin ((title_key || E'\n' || vendor_key) gin_trgm_ops);

-- `patterns` are LIKE patterns over lower-case text, the longest first; every
-- one must be in the title or the vendor's name. Or a SKU begins with
-- `sku_prefix`.
--
-- The index serves one pattern, which must hold a trigram: LIKE ALL alone, or a
-- word of one or two letters, would be looked for in the whole index.
CREATE FUNCTION calibr_search_products(patterns text[], sku_prefix text)
    RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT p.id FROM products p
        WHERE length(patterns[1]) >= length('%abc%')
          AND p.project_id = (SELECT calibr_project())
          AND (p.title_key || E'\n' || p.vendor_key) LIKE patterns[1]
          AND (p.title_key || E'\n' || p.vendor_key) LIKE ALL (patterns)
        UNION
        SELECT p.id FROM products p
        WHERE length(patterns[1]) < length('%abc%')
          AND p.project_id = (SELECT calibr_project())
          AND (p.title_key || E'\n' || p.vendor_key) LIKE ALL (patterns)
        UNION
        -- In the keys' order (by code point), what begins with the prefix
        -- stands from it to it with the last code point after it.
        SELECT v.product_id FROM variants v
        WHERE v.project_id = (SELECT calibr_project())
          AND v.sku_key >= sku_prefix AND v.sku_key < sku_prefix || chr(x'10FFFF'::integer);
    END;
REVOKE EXECUTE ON FUNCTION calibr_search_products(text[], text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_search_products(text[], text) TO calibr_app;
