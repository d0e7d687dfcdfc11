//! Messages of platforms: kept once, bounded, and never lost on a run.

use calibr_model::{
    IntegrationId, PageRequest, ProjectId, WebhookDeliveryId,
    status::{ListingState, SyncStatus},
    views::{
        DeliveryEffect, DeliveryState, MeaningKind, SignatureResult, SubscriptionState,
        WebhookDeliveryView, WebhookMeaning,
    },
};
use calibr_store::webhooks::{Kept, NewDelivery, NotTaken, SubscriptionInput};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, batch, product, variant};

fn changed() -> WebhookMeaning {
    WebhookMeaning {
        kind: MeaningKind::CatalogueChanged,
        external_id: Some("p1".to_owned()),
    }
}

fn deleted(id: &str) -> WebhookMeaning {
    WebhookMeaning {
        kind: MeaningKind::ProductDeleted,
        external_id: Some(id.to_owned()),
    }
}

fn message<'a>(
    world: &World,
    integration: IntegrationId,
    key: u8,
    means: &'a WebhookMeaning,
) -> NewDelivery<'a> {
    NewDelivery {
        id: world.sources.id(),
        integration,
        topic: "product.updated",
        dedupe_key: Some([key; 32]),
        happened_at: None,
        means,
        size_bytes: 20,
        payload: Some("{}"),
        replay_of: None,
    }
}

async fn add(world: &World, project: ProjectId, new: &NewDelivery<'_>) -> Kept {
    let mut tx = world.tenant(project).await;
    let kept = tx.add_delivery(new, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    kept
}

async fn log(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
) -> Vec<WebhookDeliveryView> {
    let mut tx = world.tenant(project).await;
    let page = PageRequest {
        limit: Some(PageRequest::MAX_LIMIT),
        cursor: None,
    };
    tx.deliveries(integration, &page).await.unwrap().items
}

async fn settle(
    world: &World,
    project: ProjectId,
    ids: &[WebhookDeliveryId],
    effect: DeliveryEffect,
) {
    let mut tx = world.tenant(project).await;
    tx.settle_deliveries(ids, effect, None, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_message_is_kept_once_and_again_only_after_it_failed(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    let means = changed();
    let first = message(&world, integration, 1, &means);
    assert_eq!(add(&world, project, &first).await, Kept::Queued);
    let again = message(&world, integration, 1, &means);
    assert_eq!(add(&world, project, &again).await, Kept::Duplicate);
    let elsewhere = message(&world, other, 1, &means);
    assert_eq!(add(&world, project, &elsewhere).await, Kept::Queued);
    let replayed = NewDelivery {
        dedupe_key: None,
        replay_of: Some(first.id),
        ..message(&world, integration, 1, &means)
    };
    assert_eq!(add(&world, project, &replayed).await, Kept::Queued);

    let mut tx = world.tenant(project).await;
    let queued = tx.queued_deliveries(integration, 10).await.unwrap();
    let ids: Vec<_> = queued.iter().map(|one| one.id).collect();
    assert_eq!(ids, [first.id, replayed.id]);
    assert_eq!(queued[0].means, means);
    tx.fail_deliveries(integration, "No.", world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let failed = log(&world, project, integration).await;
    assert_eq!(
        (failed[1].state, failed[1].error.as_deref()),
        (DeliveryState::Failed, Some("No."))
    );
    let third = message(&world, integration, 1, &means);
    assert_eq!(add(&world, project, &third).await, Kept::Queued);
    settle(&world, project, &ids, DeliveryEffect::SyncFollows).await;
    let done = log(&world, project, integration).await;
    assert_eq!(done.len(), 2);
    assert_eq!(
        (done[1].state, done[1].effect, done[1].attempts),
        (DeliveryState::Done, Some(DeliveryEffect::SyncFollows), 2)
    );
    let fourth = message(&world, integration, 1, &means);
    assert_eq!(add(&world, project, &fourth).await, Kept::Duplicate);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn unsigned_messages_are_counted_and_do_not_fill_the_disk(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let note = async |state| {
        let mut tx = world.tenant(project).await;
        let message = NotTaken {
            id: world.sources.id(),
            integration,
            topic: None,
            signature: SignatureResult::Invalid,
            state,
            why: "It is not signed.",
            size_bytes: 5,
        };
        tx.note_not_taken(&message, world.now()).await.unwrap();
        tx.commit().await.unwrap();
    };
    for _ in 0..70 {
        note(DeliveryState::Refused).await;
    }
    note(DeliveryState::Duplicate).await;
    assert_eq!(log(&world, project, integration).await.len(), 50);
    world.clock.advance(TimeDelta::hours(1));
    note(DeliveryState::Refused).await;
    assert_eq!(log(&world, project, integration).await.len(), 51);
    let mut tx = world.tenant(project).await;
    let since = world.now() - TimeDelta::hours(24);
    let counted = tx.not_taken_since(integration, since).await.unwrap();
    assert_eq!(counted, (71, 1));
    assert_eq!(tx.last_delivery_at(integration).await.unwrap(), None);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_is_old_is_cleared_away_over_all_projects(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let means = changed();
    add(&world, project, &message(&world, integration, 1, &means)).await;
    world.clock.advance(TimeDelta::days(30));
    add(&world, project, &message(&world, integration, 2, &means)).await;
    let mut tx = world.db.system().await.unwrap();
    let before = world.now() - TimeDelta::days(29);
    assert_eq!(tx.remove_webhook_deliveries(before).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(log(&world, project, integration).await.len(), 1);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_integration_leads_to_its_project_and_nothing_else_does(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut tx = world.db.system().await.unwrap();
    let found = tx.project_of_integration(integration).await.unwrap();
    assert_eq!(found, Some(project));
    let unknown = IntegrationId(world.sources.uuid());
    assert_eq!(tx.project_of_integration(unknown).await.unwrap(), None);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_run_reads_what_was_told_before_it_began_and_no_more(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let tell = async || {
        let mut tx = world.tenant(project).await;
        tx.hold_integration(integration).await.unwrap();
        tx.note_change(integration).await.unwrap();
        tx.commit().await.unwrap();
    };
    let unread = async || {
        let mut tx = world.tenant(project).await;
        tx.has_unread_changes(integration).await.unwrap()
    };
    let read = async |run| {
        let mut tx = world.tenant(project).await;
        tx.changes_were_read(run).await.unwrap();
        tx.commit().await.unwrap();
    };
    assert!(!unread().await);
    let queued = world.queued(project, integration).await;
    tell().await;
    let first = world.take_up(project, queued).await;
    assert!(unread().await, "the run has only begun");
    world.finish(&first, SyncStatus::Success).await;
    read(first.id).await;
    assert!(!unread().await);

    let second = world.run(project, integration).await;
    tell().await;
    // A worker that was lost does not make it read more.
    world.let_lease_lapse(second.id).await;
    let second = world.take_up(project, second.id).await;
    world.finish(&second, SyncStatus::Success).await;
    read(second.id).await;
    assert!(unread().await, "told while the run was under way");

    let third = world.run(project, integration).await;
    world.finish(&third, SyncStatus::Error).await;
    assert!(unread().await, "a run that failed has read nothing");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_deleted_product_goes_with_its_listings_and_a_variant_alone(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    let goods = || {
        batch(
            vec![product("p1", "Tent"), product("p2", "Stove")],
            vec![
                variant("v1", "p1"),
                variant("v2", "p1"),
                variant("v3", "p2"),
            ],
        )
    };
    world.sync(project, integration, &[goods()]).await;
    world.sync(project, other, &[goods()]).await;
    let delete = async |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let mut tx = world.tenant(project).await;
        let gone = tx
            .mark_deleted(integration, &ids, world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        gone
    };
    let left = async || {
        let mut tx = world.tenant(project).await;
        let view = tx.integration_view(integration).await.unwrap().unwrap();
        let listings = world.listings(project).await;
        let gone = listings
            .iter()
            .filter(|one| one.state == ListingState::Gone)
            .count();
        (view.item_count, gone)
    };
    assert_eq!(delete(&["unknown", "p9"]).await, 0);
    assert_eq!(left().await, (3, 0));
    assert_eq!(delete(&["v1"]).await, 1);
    assert_eq!(left().await, (2, 1));
    assert_eq!(delete(&["p1"]).await, 1);
    assert_eq!(left().await, (1, 2));
    assert_eq!(delete(&["p1", "v1"]).await, 0, "twice is once");
    let gone: Vec<(String, i64)> =
        sqlx::query_as("SELECT title, count(*) FROM products WHERE state = 'gone' GROUP BY title")
            .fetch_all(world.owner())
            .await
            .unwrap();
    assert_eq!(gone, [("Tent".to_owned(), 1)]);

    // What is read again is back.
    world.sync(project, integration, &[goods()]).await;
    assert_eq!(left().await, (3, 0));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn deletions_that_were_told_during_a_run_are_known_at_its_end(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let (before, during) = (deleted("early"), deleted("late"));
    let early = message(&world, integration, 1, &before);
    add(&world, project, &early).await;
    world.clock.advance(TimeDelta::minutes(1));
    let begun = world.now();
    let late = message(&world, integration, 2, &during);
    add(&world, project, &late).await;
    settle(
        &world,
        project,
        &[early.id, late.id],
        DeliveryEffect::Removed,
    )
    .await;
    let mut tx = world.tenant(project).await;
    let told = tx.deletions_told_since(integration, begun).await.unwrap();
    assert_eq!(told, ["late"]);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn subscriptions_are_kept_by_topic_and_remember_their_last_message(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let wanted = |topic: &str, state, error: Option<&str>| SubscriptionInput {
        topic: topic.to_owned(),
        state,
        external_id: None,
        address: "https://console.example/".to_owned(),
        error: error.map(str::to_owned),
    };
    let keep = async |found: &[SubscriptionInput]| {
        let mut tx = world.tenant(project).await;
        tx.keep_subscriptions(integration, found, world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    };
    let missing = SubscriptionState::Missing;
    keep(&[
        wanted("product.updated", missing, Some("Not allowed.")),
        wanted("order.created", missing, None),
    ])
    .await;
    let means = changed();
    let came = message(&world, integration, 1, &means);
    add(&world, project, &came).await;
    settle(&world, project, &[came.id], DeliveryEffect::Nothing).await;
    keep(&[wanted("product.updated", SubscriptionState::Active, None)]).await;
    let mut tx = world.tenant(project).await;
    let kept = tx.subscriptions(integration).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].state, &kept[0].error, kept[0].last_delivery_at),
        (SubscriptionState::Active, &None, Some(world.now()))
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn one_replica_looks_after_an_integration_at_a_time(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let claim = async || {
        let mut tx = world.tenant(project).await;
        let claimed = tx.claim_webhook_check(integration, 900.0).await.unwrap();
        tx.commit().await.unwrap();
        claimed
    };
    let due = async || {
        let mut tx = world.db.system().await.unwrap();
        let platforms = ["shopify".to_owned()];
        tx.due_webhook_checks(&platforms, 900.0).await.unwrap()
    };
    assert!(!claim().await, "it is not connected yet");
    let mut tx = world.tenant(project).await;
    let euro = "EUR".parse().unwrap();
    tx.integration_answered(integration, euro, "1", world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(due().await, [], "its first import looks by itself");
    world.sync(project, integration, &[]).await;
    assert_eq!(due().await, [(project, integration)]);
    assert!(claim().await);
    assert!(!claim().await);
    assert_eq!(due().await, []);
}
