-- Some platforms deliver credentials from server to server while the person is
-- still on their page. They wait with the attempt, sealed, until the browser
-- comes back; the last delivery before that counts. The data key is the
-- attempt's own, and goes with it.
DROP FUNCTION calibr_take_connect_attempt(bytea, uuid);

ALTER TABLE connect_attempts
    -- The master key that the data key is sealed by, for counting.
    ADD COLUMN delivered_key_id     text,
    ADD COLUMN delivered_data_key   bytea,
    ADD COLUMN delivered_fields     text[],
    -- The sealed secret of each field.
    ADD COLUMN delivered_sealed     bytea[],
    ADD COLUMN delivered_expires_at timestamptz,
    ADD CONSTRAINT connect_attempts_delivered_whole CHECK (
        num_nonnulls(delivered_key_id, delivered_data_key, delivered_fields, delivered_sealed)
            IN (0, 4)
        AND cardinality(delivered_fields) IS NOT DISTINCT FROM cardinality(delivered_sealed)
    );
CREATE INDEX connect_attempts_expires_at ON connect_attempts (expires_at);

-- As before; what was delivered comes along.
CREATE FUNCTION calibr_take_connect_attempt(wanted bytea, by_user uuid)
    RETURNS SETOF connect_attempts
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        DELETE FROM connect_attempts WHERE id = wanted AND user_id = by_user RETURNING *;
    END;
REVOKE EXECUTE ON FUNCTION calibr_take_connect_attempt(bytea, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_take_connect_attempt(bytea, uuid) TO calibr_app;

-- A delivery knows the state alone.
CREATE FUNCTION calibr_project_of_connect_attempt(wanted bytea)
    RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT project_id FROM connect_attempts WHERE id = wanted LIMIT 1;
    END;
REVOKE EXECUTE ON FUNCTION calibr_project_of_connect_attempt(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_project_of_connect_attempt(bytea) TO calibr_app;

-- Clears away, over all projects, the attempts that ran out before a moment.
CREATE FUNCTION calibr_remove_connect_attempts(ran_out_before timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH removed AS (
            DELETE FROM connect_attempts WHERE expires_at < ran_out_before RETURNING 1
        )
        SELECT count(*) FROM removed;
    END;
REVOKE EXECUTE ON FUNCTION calibr_remove_connect_attempts(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_remove_connect_attempts(timestamptz) TO calibr_app;
