use sqlx::{Connection as _, FromRow, PgConnection};
use uuid::Uuid;

/// Asserts that what a run that has ended says of itself is what stands in the database: after every run of
/// every test. What a later run, or the store's own word, may have changed since is compared only where
/// neither was.
pub(crate) async fn assert_it_adds_up(database: &str, run: &str) {
    let run: Uuid = run.parse().unwrap();
    let mut connection = PgConnection::connect(database).await.unwrap();
    let told: Told = sqlx::query_as(TOLD)
        .bind(run)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    told.assert_of_itself();
    if told.is_last {
        told.assert_of_the_catalogue();
    }
    let mismatches: Vec<(String,)> = sqlx::query_as(MISMATCHES)
        .bind(run)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert!(mismatches.is_empty(), "{mismatches:?}\nafter {told:#?}");
}

/// A run, and what of it stands elsewhere.
#[derive(Debug, FromRow)]
struct Told {
    r#type: String,
    status: String,
    error: Option<String>,
    error_code: Option<String>,
    items_created: i64,
    items_updated: i64,
    items_unchanged: i64,
    items_removed: i64,
    items_failed: i64,
    prices_pushed: i64,
    /// No run and no message came after it, and none is under way.
    is_last: bool,
    in_order: bool,
    open_phases: i64,
    failures: i64,
    named_failures: i64,
    different_failures: i64,
    new_listings: i64,
    changed_listings: i64,
    gone_listings: i64,
    listings_left: i64,
    item_count: i64,
    retried: i64,
    retried_synced: i64,
    retried_failed: i64,
    retried_gone: i64,
    unknown_as_failing: i64,
    log_lines: i64,
    last_lines: i64,
}

const TOLD: &str = "
    SELECT r.type, r.status, r.error, r.error_code, r.items_created, r.items_updated,
           r.items_unchanged, r.items_removed, r.items_failed, r.prices_pushed,
           NOT EXISTS (SELECT FROM sync_runs o
                       WHERE o.integration_id = r.integration_id
                         AND (o.id > r.id OR o.status IN ('queued', 'syncing')))
               AND NOT EXISTS (SELECT FROM webhook_deliveries d
                               WHERE d.integration_id = r.integration_id) AS is_last,
           r.queued_at <= coalesce(r.started_at, r.queued_at)
               AND coalesce(r.started_at, r.queued_at) <= r.completed_at
               AND NOT EXISTS (SELECT FROM sync_run_phases p
                               WHERE p.run_id = r.id AND p.ended_at < p.started_at) AS in_order,
           (SELECT count(*) FROM sync_run_phases p
            WHERE p.run_id = r.id AND p.ended_at IS NULL) AS open_phases,
           (SELECT count(*) FROM item_failures f WHERE f.run_id = r.id) AS failures,
           (SELECT count(*) FROM item_failures f
            WHERE f.run_id = r.id AND f.external_id IS NOT NULL) AS named_failures,
           (SELECT count(DISTINCT (f.kind, f.external_id, f.code)) FROM item_failures f
            WHERE f.run_id = r.id AND f.external_id IS NOT NULL) AS different_failures,
           (SELECT count(*) FROM listings l WHERE l.first_run_id = r.id) AS new_listings,
           (SELECT count(*) FROM listings l
            WHERE l.integration_id = r.integration_id AND l.first_run_id <> r.id
              AND l.state <> 'gone'
              AND l.updated_at BETWEEN r.started_at AND r.completed_at) AS changed_listings,
           (SELECT count(*) FROM listings l
            WHERE l.integration_id = r.integration_id AND l.state = 'gone'
              AND l.updated_at BETWEEN r.started_at AND r.completed_at) AS gone_listings,
           (SELECT count(*) FROM listings l
            WHERE l.integration_id = r.integration_id AND l.state <> 'gone') AS listings_left,
           i.item_count,
           (SELECT count(*) FROM sync_run_items x WHERE x.run_id = r.id) AS retried,
           (SELECT count(*) FROM sync_run_items x
            WHERE x.run_id = r.id AND x.outcome = 'synced') AS retried_synced,
           (SELECT count(*) FROM sync_run_items x
            WHERE x.run_id = r.id AND x.outcome = 'failed') AS retried_failed,
           (SELECT count(*) FROM sync_run_items x
            WHERE x.run_id = r.id AND x.outcome = 'gone') AS retried_gone,
           (SELECT count(*) FROM item_failures f
            WHERE f.run_id = r.id AND f.external_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM failing_items b
                              WHERE b.integration_id = r.integration_id AND b.kind = f.kind
                                AND b.external_id = f.external_id
                                AND b.last_run_id = r.id)) AS unknown_as_failing,
           (SELECT count(*) FROM sync_run_log n WHERE n.run_id = r.id) AS log_lines,
           (SELECT count(*) FROM sync_run_log n
            WHERE n.run_id = r.id AND n.event = 'ended') AS last_lines
    FROM sync_runs r
    JOIN integrations i ON i.project_id = r.project_id AND i.id = r.integration_id
    WHERE r.id = $1";

/// What must hold of a run's project whenever it is looked at.
const MISMATCHES: &str = "
    WITH p AS (SELECT project_id FROM sync_runs WHERE id = $1)
    SELECT 'push ' || s.id || ' counts ' || s.items_observed || '/' || s.items_accepted || '/'
               || s.items_failed || ', its prices ' || n.observed || '/' || n.accepted || '/' || n.failed
    FROM price_pushes s
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE status = 'observed') AS observed,
               count(*) FILTER (WHERE status = 'accepted') AS accepted,
               count(*) FILTER (WHERE status = 'failed') AS failed
        FROM price_push_items n WHERE n.push_id = s.id) n
    WHERE s.project_id = (SELECT project_id FROM p)
      AND s.status IN ('done', 'partial', 'failed')
      AND (s.items_observed, s.items_accepted, s.items_failed)
          IS DISTINCT FROM (n.observed, n.accepted, n.failed)
    UNION ALL
    SELECT 'sales of ' || coalesce(d.listing_id, n.listing_id) || ' on ' || coalesce(d.day, n.day)
               || ': ' || coalesce(d.units, 0) || ' in the day, ' || coalesce(n.units, 0) || ' in the lines'
    FROM (SELECT listing_id, day, currency, units, revenue_minor FROM sales_daily
          WHERE project_id = (SELECT project_id FROM p)) d
    FULL JOIN (SELECT n.listing_id, o.day, n.currency, sum(n.quantity)::bigint AS units,
                      sum(n.amount_minor)::bigint AS revenue_minor
               FROM order_lines n
               JOIN orders o ON o.project_id = n.project_id AND o.integration_id = n.integration_id
                            AND o.external_id = n.order_external_id
               WHERE n.project_id = (SELECT project_id FROM p) AND NOT o.cancelled
                 AND n.listing_id IS NOT NULL
               GROUP BY 1, 2, 3
               HAVING (sum(n.quantity), sum(n.refunded_quantity), sum(n.amount_minor),
                       sum(n.refunded_minor)) <> (0, 0, 0, 0)) n
           ON n.listing_id = d.listing_id AND n.day = d.day AND n.currency = d.currency
    WHERE (d.units, d.revenue_minor) IS DISTINCT FROM (n.units, n.revenue_minor)";

impl Told {
    fn assert_of_itself(&self) {
        assert!(self.in_order, "time went backwards: {self:#?}");
        assert_eq!(self.open_phases, 0, "{self:#?}");
        assert_eq!(self.items_failed, self.failures, "{self:#?}");
        assert_eq!(self.named_failures, self.different_failures, "{self:#?}");
        assert_eq!(self.items_created, self.new_listings, "{self:#?}");
        match self.status.as_str() {
            "success" => {
                assert_eq!((self.items_failed, &self.error), (0, &None), "{self:#?}");
            }
            "partial" | "error" => {
                let told = self
                    .error
                    .as_deref()
                    .is_some_and(|error| error.ends_with('.'));
                assert!(told && self.error_code.is_some(), "{self:#?}");
            }
            "cancelled" => assert_eq!(self.error, None, "{self:#?}"),
            status => panic!("a run that ended is {status}: {self:#?}"),
        }
        let settled = self.retried_synced + self.retried_failed + self.retried_gone;
        if matches!(self.status.as_str(), "success" | "partial") {
            assert_eq!(self.retried, settled, "an item had no turn: {self:#?}");
        }
        assert_eq!(self.r#type == "retry", self.retried > 0, "{self:#?}");
        assert!((1..=300).contains(&self.log_lines), "{self:#?}");
        assert_eq!(self.last_lines, 1, "{self:#?}");
    }

    fn assert_of_the_catalogue(&self) {
        assert_eq!(self.item_count, self.listings_left, "{self:#?}");
        assert_eq!(self.unknown_as_failing, 0, "{self:#?}");
        let synced = self.items_created + self.items_updated + self.items_unchanged;
        if self.r#type == "full" && self.status == "success" {
            assert_eq!(synced, self.item_count, "{self:#?}");
        }
        assert_eq!(self.items_removed, self.gone_listings, "{self:#?}");
        // What is sent is seen by the same run and changes listings too.
        if self.prices_pushed == 0 && self.r#type != "prices" {
            assert_eq!(self.items_updated, self.changed_listings, "{self:#?}");
        }
    }
}
