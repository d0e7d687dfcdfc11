-- The job queue's own schema is made by the job library. Work is put into it
-- inside the transaction that decides on it, by the application's role through
-- this one door.
CREATE FUNCTION calibr_enqueue(task text, payload json, key text, run_at timestamptz)
    RETURNS void
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM graphile_worker.add_job(
        identifier => task, payload => payload, run_at => run_at, max_attempts => 25, job_key => key
    );
END
$$;
REVOKE EXECUTE ON FUNCTION calibr_enqueue(text, json, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_enqueue(text, json, text, timestamptz) TO calibr_app;
