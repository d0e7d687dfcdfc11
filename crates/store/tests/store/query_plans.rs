//! How PostgreSQL goes about the lists with 20,000 rows: by index, however deep
//! the page. Asserted on the plans it tells of, not on time.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use calibr_model::{
    IntegrationId, PageRequest, PricePushId, ProjectId,
    status::{RunType, SyncStatus},
    time_range::Between,
    views::{
        ConflictQuery, ConflictStatus, PriceItemStatus, ProductQuery, ProductSort, TrialResult,
    },
};
use calibr_store::{
    prices::ItemFilter,
    runs::{CountPart, CountSpan, RunFilter},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use tracing::{Event, Metadata, Subscriber, field, span};

use crate::support::{World, batch, eur, product, variant, with_sku};

const ROWS: usize = 20_000;

/// Collects the plans among what the server tells its client.
#[derive(Debug, Clone, Default)]
struct Plans(Arc<Mutex<Vec<Value>>>);

impl field::Visit for Plans {
    fn record_str(&mut self, _: &field::Field, value: &str) {
        if let Some((_, plan)) = value.split_once("plan:\n") {
            let plan = serde_json::from_str(plan).unwrap();
            self.0.lock().unwrap().push(plan);
        }
    }

    fn record_debug(&mut self, _: &field::Field, _: &dyn fmt::Debug) {}
}

impl Subscriber for Plans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::postgres::notice"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Opens the database again so that the server explains every statement that
/// is run, those inside functions too.
async fn explained(world: &World) -> World {
    let pool = world.owner();
    let name: String = sqlx::query_scalar("SELECT current_database()::text")
        .fetch_one(pool)
        .await
        .unwrap();
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_nested_statements = on",
        "auto_explain.log_format = 'json'",
        "client_min_messages = 'log'",
    ] {
        let statement = format!("ALTER DATABASE \"{name}\" SET {setting}");
        sqlx::query(AssertSqlSafe(statement))
            .execute(pool)
            .await
            .unwrap();
    }
    let again = PgPoolOptions::new()
        .max_connections(1)
        .connect_with((*pool.connect_options()).clone())
        .await
        .unwrap();
    World::new(again)
}

/// One node of a plan.
#[derive(Debug)]
struct Node {
    kind: String,
    table: String,
    index: String,
    condition: String,
    /// Part of what cuts the page out of the whole.
    cuts_page: bool,
}

fn nodes(plan: &Value, cuts_page: bool, into: &mut Vec<Node>) {
    let text = |key: &str| plan[key].as_str().unwrap_or_default().to_owned();
    let cuts_page = cuts_page || text("Subplan Name") == "CTE page";
    into.push(Node {
        kind: text("Node Type"),
        table: text("Relation Name"),
        index: text("Index Name"),
        condition: text("Index Cond"),
        cuts_page,
    });
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, cuts_page, into);
    }
}

async fn plan_of<T>(what: impl Future<Output = T>) -> (T, Vec<Node>) {
    let plans = Plans::default();
    let listening = tracing::subscriber::set_default(plans.clone());
    let answer = what.await;
    drop(listening);
    let mut found = Vec::new();
    for plan in plans.0.lock().unwrap().iter() {
        nodes(&plan["Plan"], false, &mut found);
    }
    assert!(!found.is_empty(), "the server tells of its plans");
    (answer, found)
}

async fn fill(world: &World) -> (ProjectId, IntegrationId) {
    let (project, _) = world.project("acme").await;
    let integration = world.integration(project, "acme.example").await;
    for number in 1..5 {
        let store = format!("store-{number}.example");
        world.integration(project, &store).await;
    }
    let run = world.run(project, integration).await;
    let ids: Vec<String> = (0..ROWS).map(|number| format!("{number:05}")).collect();
    for chunk in ids.chunks(5_000) {
        let products = chunk
            .iter()
            .map(|id| product(id, &format!("Tent no. {id}")));
        let variants = chunk
            .iter()
            .map(|id| with_sku(&format!("SKU-{id}"), variant(id, id)));
        world
            .write(&run, &batch(products.collect(), variants.collect()))
            .await;
    }
    fill_runs(world).await;
    sqlx::query("VACUUM ANALYZE")
        .execute(world.owner())
        .await
        .unwrap();
    (project, integration)
}

/// 4,000 runs of each store, one a minute, of which the first three failed; and
/// the counts of as many days.
async fn fill_runs(world: &World) {
    sqlx::query(
        "INSERT INTO sync_runs (project_id, id, integration_id, type, trigger, status, phase, queued_at)
         SELECT i.project_id,
                (lpad(to_hex((extract(epoch FROM $1) * 1000)::bigint + 60000 * n), 12, '0')
                 || left(md5(i.id::text), 20))::uuid,
                i.id, 'full', 'schedule', CASE WHEN n <= 3 THEN 'error' ELSE 'success' END, 'finish',
                $1 + n * interval '1 minute'
         FROM integrations i, generate_series(1, 4000) n",
    )
    .bind(world.now() - TimeDelta::days(30))
    .execute(world.owner())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO sync_run_counts
         SELECT i.project_id, i.id, 'day', $1 - n * interval '1 day', 'full', 'schedule', 'success', step,
                1, 1000, 10, 0
         FROM integrations i, generate_series(1, 4000) n, generate_series(1, 4) step",
    )
    .bind(world.now())
    .execute(world.owner())
    .await
    .unwrap();
}

/// Each page, also of a statement that the server has seen often, begins where
/// the index says and reads no further than the page.
fn assert_cut_by(index: &str, deep: bool, plan: &[Node]) {
    let page: Vec<&Node> = plan.iter().filter(|node| node.cuts_page).collect();
    assert!(!page.is_empty(), "{plan:?}");
    assert!(
        page.iter().all(|node| !node.kind.contains("Sort")),
        "{page:?}"
    );
    assert!(page.iter().all(|node| node.kind != "Seq Scan"), "{page:?}");
    let scan = page.iter().find(|node| node.index == index);
    let scan = scan.unwrap_or_else(|| panic!("{index} is not used: {page:?}"));
    assert_eq!(scan.condition.contains("ROW("), deep, "{scan:?}");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn lists_of_twenty_thousand_are_read_by_index(pool: PgPool) {
    let world = World::new(pool);
    let (project, _) = fill(&world).await;
    let world = explained(&world).await;

    for (sort, index) in [
        (ProductSort::Title, "products_by_title"),
        (ProductSort::Updated, "products_by_update"),
    ] {
        let query = ProductQuery {
            sort: Some(sort),
            ..ProductQuery::default()
        };
        let mut page = PageRequest::default();
        for number in 0..12 {
            let mut tx = world.tenant(project).await;
            let (found, plan) = plan_of(tx.products(&query, &page)).await;
            assert_cut_by(index, number > 0, &plan);
            page.cursor = found.unwrap().next_cursor;
            assert!(page.cursor.is_some());
        }
    }

    let search = async |search: &str| {
        let query = ProductQuery {
            search: search.to_owned(),
            ..ProductQuery::default()
        };
        let mut tx = world.tenant(project).await;
        let (found, plan) = plan_of(tx.products(&query, &PageRequest::default())).await;
        (found.unwrap().items.len(), plan)
    };
    let (found, plan) = search("01234 tent").await;
    assert_eq!(found, 1);
    assert!(
        plan.iter().any(|node| node.index == "products_search"),
        "{plan:?}"
    );
    let (found, plan) = search("sku-0123").await;
    assert_eq!(found, 10);
    let by_sku = plan
        .iter()
        .find(|node| node.index == "variants_sku")
        .unwrap();
    assert!(by_sku.condition.contains("sku_key >="), "{by_sku:?}");
}

/// The node that reads an index; nothing reads all runs or counts.
fn scan_of<'a>(index: &str, plan: &'a [Node]) -> &'a Node {
    let whole = |node: &&Node| node.kind == "Seq Scan" && node.table.starts_with("sync_");
    assert_eq!(plan.iter().filter(whole).count(), 0, "{plan:?}");
    let scan = plan.iter().find(|node| node.index == index);
    scan.unwrap_or_else(|| panic!("{index} is not used: {plan:?}"))
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_history_is_read_by_index_however_deep_and_however_few_fit(pool: PgPool) {
    let world = World::new(pool);
    let (project, integration) = fill(&world).await;
    let world = explained(&world).await;
    let week = Between {
        from: Some(world.now() - TimeDelta::days(29)),
        to: Some(world.now() - TimeDelta::days(28)),
    };

    for time in [Between::default(), week] {
        let all = RunFilter {
            time,
            ..RunFilter::default()
        };
        let mut page = PageRequest::default();
        for _ in 0..12 {
            let mut tx = world.tenant(project).await;
            let (found, plan) = plan_of(tx.runs(integration, &all, &page)).await;
            let scan = scan_of("sync_runs_by_integration", &plan);
            assert!(scan.condition.contains("id <"), "{scan:?}");
            assert!(scan.condition.contains("id >="), "{scan:?}");
            assert!(
                plan.iter().all(|node| !node.kind.contains("Sort")),
                "{plan:?}"
            );
            page.cursor = found.unwrap().next_cursor;
            assert!(page.cursor.is_some());
        }
    }

    for (status, kind, found) in [
        (vec![SyncStatus::Error], None, 3),
        (vec![SyncStatus::Error, SyncStatus::Partial], None, 3),
        (vec![SyncStatus::Success], None, 50),
        (vec![], Some(RunType::Prices), 0),
    ] {
        let filter = RunFilter {
            status,
            r#type: kind,
            ..RunFilter::default()
        };
        // Often enough for the server to settle on one plan for all.
        for _ in 0..8 {
            let mut tx = world.tenant(project).await;
            let page = PageRequest::default();
            let (page, plan) = plan_of(tx.runs(integration, &filter, &page)).await;
            assert_eq!(page.unwrap().items.len(), found, "{filter:?}");
            let scan = scan_of("sync_runs_by_kind", &plan);
            for part in ["status", "type", "trigger", "id <"] {
                assert!(scan.condition.contains(part), "{scan:?}");
            }
        }
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn figures_are_made_of_counts_of_their_range_alone(pool: PgPool) {
    let world = World::new(pool);
    let (project, integration) = fill(&world).await;
    let world = explained(&world).await;
    let days: Vec<DateTime<Utc>> = (0..=30)
        .rev()
        .map(|day| world.now() - TimeDelta::days(day))
        .collect();
    for _ in 0..8 {
        let mut tx = world.tenant(project).await;
        let filter = RunFilter::default();
        let month = [CountPart {
            span: CountSpan::Day,
            from: days[0],
            to: world.now(),
        }];
        let counted = tx.run_counts(integration, &filter, &month, &days);
        let (counts, plan) = plan_of(counted).await;
        assert_eq!(counts.unwrap().len(), 30 * 4);
        let scan = scan_of("sync_run_counts_pkey", &plan);
        assert!(scan.condition.contains("starts_at >="), "{scan:?}");
        assert!(
            plan.iter().all(|node| !node.index.starts_with("sync_runs")),
            "{plan:?}"
        );
    }
}

/// A push with a price for every listing, of which a few were refused in a trial.
async fn push(world: &World, project: ProjectId) -> PricePushId {
    let id: PricePushId = world.sources.id();
    sqlx::query(
        "INSERT INTO price_pushes (project_id, id, status, reason, created_at)
         VALUES ($1, $2, 'preview', '', now())",
    )
    .bind(project.0)
    .bind(id.0)
    .execute(world.owner())
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO price_push_items (project_id, push_id, ordinal, reference, listing_id,
                                       integration_id, currency, new_minor, compare_at, status,
                                       trial)
         SELECT l.project_id, $2, row_number() OVER (ORDER BY l.id), '', l.id, l.integration_id,
                'EUR', 100, 'keep', 'planned',
                CASE WHEN row_number() OVER (ORDER BY l.id) % 5000 = 0 THEN 'refused' END
         FROM listings l WHERE l.project_id = $1",
    )
    .bind(project.0)
    .bind(id.0)
    .execute(world.owner())
    .await
    .unwrap();
    sqlx::query("VACUUM ANALYZE")
        .execute(world.owner())
        .await
        .unwrap();
    id
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_preview_of_twenty_thousand_is_read_by_index(pool: PgPool) {
    let world = World::new(pool);
    let (project, _) = fill(&world).await;
    let push = push(&world, project).await;
    let world = explained(&world).await;
    let items = async |filter: &ItemFilter, page: &PageRequest, index: &str| {
        let mut tx = world.tenant(project).await;
        let (found, plan) = plan_of(tx.price_push_items(push, filter, page)).await;
        let scan = plan.iter().find(|node| node.index == index);
        let scan = scan.unwrap_or_else(|| panic!("{index} is not used: {plan:?}"));
        assert!(scan.condition.contains("ordinal >"), "{scan:?}");
        assert!(
            plan.iter().all(|node| !node.kind.contains("Sort")),
            "{plan:?}"
        );
        found.unwrap()
    };
    let mut page = PageRequest::default();
    for _ in 0..12 {
        let all = ItemFilter::default();
        let found = items(&all, &page, "price_push_items_pkey").await;
        page.cursor = found.next_cursor;
        assert!(page.cursor.is_some());
    }
    let refused = ItemFilter {
        status: vec![PriceItemStatus::Planned],
        trial: Some(TrialResult::Refused),
    };
    let first = PageRequest::default();
    let found = items(&refused, &first, "price_push_items_trial_refused").await;
    assert_eq!(found.items.len(), ROWS / 5_000);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_inbox_of_twenty_thousand_conflicts_is_read_by_index(pool: PgPool) {
    let world = World::new(pool);
    let (project, integration) = fill(&world).await;
    sqlx::query(
        "INSERT INTO price_conflicts (project_id, id, integration_id, listing_id, field, currency,
                                      ours_minor, theirs_minor, status, resolution, found_at,
                                      moved_at)
         SELECT l.project_id, gen_random_uuid(), l.integration_id, l.id, 'price', 'EUR', 900, 1000,
                s.status, CASE s.status WHEN 'resolved' THEN 'ours' END, now(), now()
         FROM listings l, (VALUES ('open'), ('resolved')) AS s (status)",
    )
    .execute(world.owner())
    .await
    .unwrap();
    sqlx::query("VACUUM ANALYZE price_conflicts")
        .execute(world.owner())
        .await
        .unwrap();
    let world = explained(&world).await;
    let of_store = ConflictQuery {
        integration: Some(integration),
        ..ConflictQuery::default()
    };
    let decided = ConflictQuery {
        status: Some(ConflictStatus::Resolved),
        ..ConflictQuery::default()
    };
    for query in [ConflictQuery::default(), of_store, decided] {
        let mut page = PageRequest::default();
        for number in 0..12 {
            let mut tx = world.tenant(project).await;
            let (found, plan) = plan_of(tx.conflicts(&query, &page)).await;
            let scan = plan.iter().find(|node| {
                ["price_conflicts_inbox", "price_conflicts_store"].contains(&node.index.as_str())
            });
            let scan = scan.unwrap_or_else(|| panic!("no index is used: {plan:?}"));
            assert_eq!(scan.condition.contains("ROW("), number > 0, "{scan:?}");
            assert!(
                plan.iter().all(|node| !node.kind.contains("Sort")),
                "{plan:?}"
            );
            page.cursor = found.unwrap().next_cursor;
            assert!(page.cursor.is_some());
        }
    }
    let search = ConflictQuery {
        search: "sku-01234".to_owned(),
        status: Some(ConflictStatus::Open),
        ..ConflictQuery::default()
    };
    let mut tx = world.tenant(project).await;
    let (found, plan) = plan_of(tx.conflicts(&search, &PageRequest::default())).await;
    assert_eq!(found.unwrap().items.len(), 1);
    let by_sku = plan.iter().find(|node| node.index == "variants_sku");
    assert!(by_sku.is_some(), "{plan:?}");
    drop(tx);
    let mut tx = world.tenant(project).await;
    let counts = tx.conflict_counts(&ConflictQuery::default()).await;
    assert_eq!(counts.unwrap().open, ROWS as i64);
}

/// How many statements something takes; what the server asks itself about foreign
/// keys is left out.
async fn statements_of<T>(what: impl Future<Output = T>) -> (T, usize) {
    let plans = Plans::default();
    let listening = tracing::subscriber::set_default(plans.clone());
    let answer = what.await;
    drop(listening);
    let plans = plans.0.lock().unwrap();
    let asked = plans.iter().filter(|plan| {
        let text = plan["Query Text"].as_str().unwrap_or_default();
        !text.contains("FROM ONLY")
    });
    (answer, asked.count())
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn many_conflicts_are_found_and_decided_in_as_many_statements_as_few(pool: PgPool) {
    let world = World::new(pool);
    let (project, integration) = fill(&world).await;
    sqlx::raw_sql(
        "INSERT INTO price_pushes (project_id, id, status, reason, created_at, applied_at)
         SELECT id, id, 'done', '', now(), now() FROM projects;
         INSERT INTO listing_prices (project_id, listing_id, currency, push_id, desired_minor,
                                     desired_at, base_minor, confirmed_at)
         SELECT project_id, id, 'EUR', project_id, 1000, now(), 1000, now() FROM listings;
         INSERT INTO price_guardrails (project_id, currency, floor_minor, updated_at)
         SELECT id, 'EUR', 100, now() FROM projects;
         UPDATE integrations SET conflict_policy = 'calibr', sync_prices = true;
         UPDATE sync_runs SET status = 'success', completed_at = now()
         WHERE status = 'syncing'",
    )
    .execute(world.owner())
    .await
    .unwrap();
    let run = world.run(project, integration).await;
    let world = explained(&world).await;
    let moved = |numbers: std::ops::Range<usize>| {
        let variants = numbers.map(|number| {
            let id = format!("{number:05}");
            let mut moved = with_sku(&format!("SKU-{id}"), variant(&id, &id));
            moved.price = eur(1_100);
            moved
        });
        batch(vec![], variants.collect())
    };
    let (_, few) = statements_of(world.write(&run, &moved(0..3))).await;
    let (_, many) = statements_of(world.write(&run, &moved(3..503))).await;
    assert_eq!(few, many);
    let states: Vec<(String, i64)> =
        sqlx::query_as("SELECT resolution, count(*) FROM price_conflicts GROUP BY resolution")
            .fetch_all(world.owner())
            .await
            .unwrap();
    assert_eq!(states, [("ours".to_owned(), 503)]);
}
