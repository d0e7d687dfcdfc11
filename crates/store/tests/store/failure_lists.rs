//! A run's failures: a hundred thousand of one code as well as one; and the
//! platform's part in them, which does not stay for ever.

use calibr_model::{
    PageRequest,
    status::{Captured, FailureClass, FailureKind},
    views::FailureQuery,
};
use calibr_store::{catalogue::FailureInput, runs::RetrySelection};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{Run, World, batch, failure};

const KEPT: TimeDelta = TimeDelta::days(30);

fn told(id: &str, code: &str) -> FailureInput {
    FailureInput {
        request: Some(format!("GET /products/{id}")),
        answer: Some(r#"{"price":"-1"}"#.to_owned()),
        ..failure(Some(id), code)
    }
}

async fn failing(world: &World, run: &Run, all: Vec<FailureInput>) {
    let mut records = batch(vec![], vec![]);
    records.failures = all;
    world.write(run, &records).await;
}

async fn captured(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM item_failures WHERE answer IS NOT NULL")
        .fetch_one(world.owner())
        .await
        .unwrap()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_hundred_thousand_failures_of_one_code_are_one_group_and_come_by_the_page(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    for part in 0..20 {
        let some = (0..5_000)
            .map(|number| told(&format!("v{}", part * 5_000 + number), "no_price"))
            .collect();
        failing(&world, &run, some).await;
    }
    failing(&world, &run, vec![told("v-last", "no_sku")]).await;
    let mut tx = world.tenant(project).await;
    let groups = tx.failure_groups(run.id).await.unwrap();
    let sizes: Vec<_> = groups
        .iter()
        .map(|one| (one.code.as_str(), one.count))
        .collect();
    assert_eq!(sizes, [("no_price", 100_000), ("no_sku", 1)]);
    assert_eq!(groups[0].open, 100_000);
    let whole_run = RetrySelection {
        run: Some(run.id),
        ..RetrySelection::default()
    };
    let retry = tx.count_retry(integration, &whole_run).await.unwrap();
    assert_eq!((retry.by_id(), retry.skipped), (100_001, 0));
    let few = PageRequest {
        limit: Some(3),
        cursor: None,
    };
    let of_the_rare = FailureQuery {
        code: Some("no_sku".to_owned()),
        class: Some(FailureClass::NeedsAction),
        kind: Some(FailureKind::Listing),
    };
    let page = tx.item_failures(run.id, &of_the_rare, &few).await.unwrap();
    assert_eq!(page.items.len(), 1);
    assert_eq!(page.items[0].external_id.as_deref(), Some("v-last"));
    let all = FailureQuery::default();
    let first = tx.item_failures(run.id, &all, &few).await.unwrap();
    let next = PageRequest {
        cursor: first.next_cursor,
        ..few
    };
    let second = tx.item_failures(run.id, &all, &next).await.unwrap();
    let ids: Vec<_> = [first.items, second.items]
        .concat()
        .into_iter()
        .filter_map(|one| one.external_id)
        .collect();
    assert_eq!(ids, ["v0", "v1", "v2", "v3", "v4", "v5"]);
    // What the platform said a hundred thousand times is kept a thousand times
    // or little more; what is rare is kept in any case.
    let kept = captured(&world).await;
    assert!((1_000..=6_000).contains(&kept), "{kept}");
    assert_eq!(page.items[0].captured, Captured::Kept);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_the_platform_said_is_expunged_at_will_and_in_time(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let person = world.user("ada@acme.example").await;
    let run = world.run(project, integration).await;
    let all = ["v1", "v2", "v3"].map(|id| told(id, "no_price")).to_vec();
    failing(&world, &run, all).await;
    let mut tx = world.tenant(project).await;
    let detail = tx.item_failure(run.id, 0, KEPT).await.unwrap().unwrap();
    assert_eq!(detail.exchange.request.as_deref(), Some("GET /products/v1"));
    assert_eq!(detail.exchange.answer.as_deref(), Some(r#"{"price":"-1"}"#));
    assert_eq!(detail.exchange.kept_until, Some(world.now() + KEPT));
    let done = tx
        .expunge_answers(run.id, Some(0), person, world.now())
        .await;
    assert_eq!(done.unwrap(), 1);
    let detail = tx.item_failure(run.id, 0, KEPT).await.unwrap().unwrap();
    assert_eq!(
        (detail.exchange.request, detail.exchange.answer),
        (None, None)
    );
    assert_eq!(detail.failure.captured, Captured::Expunged);
    assert_eq!(
        detail.exchange.expunged_by.as_deref(),
        Some("Name of ada@acme.example")
    );
    tx.commit().await.unwrap();
    assert_eq!(captured(&world).await, 2);

    world.clock.advance(KEPT + TimeDelta::days(1));
    let late = world.now();
    failing(&world, &run, vec![told("v4", "no_price")]).await;
    let mut tx = world.db.system().await.unwrap();
    assert_eq!(tx.expunge_old_answers(late - KEPT).await.unwrap(), 2);
    assert_eq!(tx.expunge_old_answers(late - KEPT).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(captured(&world).await, 1);
    let mut tx = world.tenant(project).await;
    let old = tx.item_failure(run.id, 1, KEPT).await.unwrap().unwrap();
    assert_eq!(old.exchange.expunged_by, None);
    assert!(old.exchange.expunged_at.is_some());
    // All of a run at once.
    let done = tx.expunge_answers(run.id, None, person, late).await;
    assert_eq!(done.unwrap(), 1);
    assert_eq!(tx.item_failure(run.id, 99, KEPT).await.unwrap(), None);
}
