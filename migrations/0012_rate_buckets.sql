-- Token buckets that keep all replicas together within the rates platforms
-- publish. A platform counts by account, whichever projects it is connected
-- in, so they belong to no project; the key is a hash and names nobody.
CREATE TABLE rate_buckets (
    key        bytea PRIMARY KEY,
    -- Held at `counted_at`; fewer than none means that calls are waited for.
    tokens     double precision NOT NULL,
    counted_at timestamptz NOT NULL,
    -- From then on the bucket is as if it had never been touched.
    full_at    timestamptz NOT NULL
);
CREATE INDEX rate_buckets_full_at ON rate_buckets (full_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_buckets TO calibr_app;

-- What a bucket holds some time after it was counted.
CREATE FUNCTION calibr_refilled(
    held double precision, since interval, per_second double precision, burst double precision
)
    RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN least(
        burst,
        held + greatest(extract(epoch FROM since)::double precision, 0) * per_second
    );
