-- How far a preview has come that is being prepared: whoever prepares it says so
-- every few seconds. One that is silent was left behind by a process that ended.
ALTER TABLE price_pushes
    ADD COLUMN progress_at timestamptz,
    -- Lines or listings that were looked at so far.
    ADD COLUMN items_read bigint NOT NULL DEFAULT 0,
    -- Refused lines that are counted and not kept one by one.
    ADD COLUMN refused_unlisted bigint NOT NULL DEFAULT 0;

-- A preview that nobody applied in time is expired.
ALTER TABLE price_pushes DROP CONSTRAINT price_pushes_status_check;
ALTER TABLE price_pushes ADD CONSTRAINT price_pushes_status_check
    CHECK (status IN ('preparing', 'preview', 'queued', 'pushing', 'done', 'partial', 'failed',
                      'discarded', 'expired'));

CREATE INDEX price_pushes_preparing ON price_pushes (coalesce(progress_at, created_at))
    WHERE status = 'preparing';
CREATE INDEX price_pushes_preview ON price_pushes (created_at) WHERE status = 'preview';
CREATE INDEX price_pushes_unapplied ON price_pushes (completed_at)
    WHERE status IN ('discarded', 'expired');

-- Over all projects, the pushes that are being prepared and were silent since a
-- moment, and the previews of before another: ids only.
CREATE FUNCTION calibr_overdue_price_pushes(silent_since timestamptz, made_before timestamptz)
    RETURNS TABLE (project_id uuid, push_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        SELECT p.project_id, p.id
        FROM price_pushes p
        WHERE p.status = 'preparing' AND coalesce(p.progress_at, p.created_at) < silent_since
        UNION ALL
        SELECT p.project_id, p.id
        FROM price_pushes p
        WHERE p.status = 'preview' AND p.created_at < made_before;
    END;
REVOKE EXECUTE ON FUNCTION calibr_overdue_price_pushes(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_overdue_price_pushes(timestamptz, timestamptz) TO calibr_app;

-- Clears away, over all projects, some pushes that were never applied and ended
-- before a moment. They may have a million prices each, so few go at a time.
CREATE FUNCTION calibr_remove_unapplied_price_pushes(ended_before timestamptz)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp
    BEGIN ATOMIC
        WITH old AS (
            SELECT p.project_id, p.id
            FROM price_pushes p
            WHERE p.status IN ('discarded', 'expired') AND p.completed_at < ended_before
            ORDER BY p.completed_at LIMIT 20
        ), removed AS (
            DELETE FROM price_pushes p USING old
            WHERE p.project_id = old.project_id AND p.id = old.id RETURNING 1
        )
        SELECT count(*) FROM removed;
    END;
REVOKE EXECUTE ON FUNCTION calibr_remove_unapplied_price_pushes(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION calibr_remove_unapplied_price_pushes(timestamptz) TO calibr_app;
