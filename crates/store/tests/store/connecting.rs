//! Connecting, reconnecting and disconnecting stores.

use std::collections::BTreeMap;

use calibr_model::{
    IntegrationId, ProjectId, UserId,
    status::{IntegrationStatus, ListingState, SyncStatus},
};
use calibr_store::{StoreError, connect_attempts::ConnectAttempt, integrations::NewIntegration};
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, batch, digest, product, somebody_waits, variant};

fn attempt(world: &World, project: ProjectId, user: UserId, state: &str) -> ConnectAttempt {
    ConnectAttempt {
        id: digest(state),
        project,
        user,
        platform: "shopify".parse().unwrap(),
        fields: BTreeMap::from([("shop".to_owned(), "acme".to_owned())]),
        integration: None,
        expires_at: world.now() + TimeDelta::minutes(10),
    }
}

async fn take(world: &World, state: &str, user: UserId) -> Option<ConnectAttempt> {
    let mut tx = world.db.system().await.unwrap();
    let taken = tx.take_connect_attempt(&digest(state), user).await.unwrap();
    tx.commit().await.unwrap();
    taken.map(|(attempt, _)| attempt)
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_attempt_is_taken_once_and_by_the_one_who_started_it(pool: PgPool) {
    let world = World::new(pool);
    let (project, owner) = world.project("acme").await;
    let stranger = world.user("stranger@elsewhere.example").await;
    let mut tx = world.tenant(project).await;
    let started = attempt(&world, project, owner, "state");
    tx.add_connect_attempt(&started, world.now()).await.unwrap();
    tx.commit().await.unwrap();

    assert!(take(&world, "state", stranger).await.is_none());
    assert!(take(&world, "another state", owner).await.is_none());
    let taken = take(&world, "state", owner).await.unwrap();
    assert_eq!((taken.project, taken.user), (project, owner));
    assert_eq!(taken.fields, started.fields);
    assert_eq!(taken.expires_at, started.expires_at);
    assert!(take(&world, "state", owner).await.is_none(), "used up");
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_callback_that_comes_twice_at_once_is_answered_once(pool: PgPool) {
    let world = World::new(pool.clone());
    let (project, owner) = world.project("acme").await;
    let mut tx = world.tenant(project).await;
    let started = attempt(&world, project, owner, "state");
    tx.add_connect_attempt(&started, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut first = world.db.system().await.unwrap();
    let taken = first.take_connect_attempt(&started.id, owner).await;
    assert!(taken.unwrap().is_some());
    let second = tokio::spawn({
        let world = world.clone();
        async move { take(&world, "state", owner).await }
    });
    somebody_waits(&pool).await;
    first.commit().await.unwrap();
    assert!(second.await.unwrap().is_none());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn attempts_that_are_too_late_are_cleared_away_with_the_next(pool: PgPool) {
    let world = World::new(pool);
    let (project, owner) = world.project("acme").await;
    let mut tx = world.tenant(project).await;
    for state in ["first", "second"] {
        let started = attempt(&world, project, owner, state);
        tx.add_connect_attempt(&started, world.now()).await.unwrap();
        world.clock.advance(TimeDelta::minutes(10));
    }
    tx.commit().await.unwrap();
    assert!(take(&world, "first", owner).await.is_none());
    let late = take(&world, "second", owner).await.unwrap();
    assert!(
        late.expires_at <= world.now(),
        "it is for the caller to refuse"
    );
}

fn acme<'a>(
    id: IntegrationId,
    user: UserId,
    platform: &'a calibr_model::PlatformId,
    name: &'a str,
    config: &'a BTreeMap<String, String>,
) -> NewIntegration<'a> {
    NewIntegration {
        id,
        platform,
        name,
        store_key: "acme.example",
        address: "https://acme.example",
        config,
        connected_by: user,
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_store_is_added_once_a_project(pool: PgPool) {
    let world = World::new(pool);
    let (project, owner) = world.project("acme").await;
    let (other, other_owner) = world.project("other").await;
    let platform = "shopify".parse().unwrap();
    let config = BTreeMap::from([("shop".to_owned(), "acme".to_owned())]);
    let id = world.sources.id();
    let mut tx = world.tenant(project).await;
    tx.add_integration(&acme(id, owner, &platform, "Acme", &config), world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();

    let mut tx = world.tenant(project).await;
    let added = tx.integration(id).await.unwrap().unwrap();
    assert_eq!(added.status, IntegrationStatus::Pending);
    assert_eq!((&added.config, added.watermark), (&config, None));
    let found = tx.integration_of_store(&platform, "acme.example").await;
    assert_eq!(found.unwrap().unwrap().id, id);
    let again = acme(world.sources.id(), owner, &platform, "Again", &config);
    let error = tx.add_integration(&again, world.now()).await.unwrap_err();
    assert!(matches!(error, StoreError::Duplicate { .. }), "{error}");

    let mut tx = world.tenant(other).await;
    let theirs = acme(
        world.sources.id(),
        other_owner,
        &platform,
        "Theirs",
        &config,
    );
    tx.add_integration(&theirs, world.now()).await.unwrap();
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn disconnecting_keeps_what_was_synced_and_reconnecting_keeps_the_id(pool: PgPool) {
    let (world, project, id) = World::with_store(pool).await;
    let records = batch(vec![product("p", "Tent")], vec![variant("v", "p")]);
    world.sync(project, id, &[records]).await;
    let mut tx = world.tenant(project).await;
    assert_eq!(
        tx.disconnect_integration(id, world.now()).await.unwrap(),
        Some(1)
    );
    assert_eq!(
        tx.disconnect_integration(id, world.now()).await.unwrap(),
        None
    );
    tx.commit().await.unwrap();

    let mut tx = world.tenant(project).await;
    let view = tx.integration_view(id).await.unwrap().unwrap();
    assert_eq!(view.status, IntegrationStatus::Disconnected);
    assert_eq!((view.item_count, view.data_fresh_as_of), (1, None));
    assert_eq!(view.sync_status, SyncStatus::Success);
    assert_eq!(
        world.listing(project, "v").await.state,
        ListingState::Active
    );

    let user = world.user("again@acme.example").await;
    let config = BTreeMap::from([("shop".to_owned(), "new".to_owned())]);
    let platform = "shopify".parse().unwrap();
    tx.revive_integration(
        &acme(id, user, &platform, "Acme again", &config),
        world.now(),
    )
    .await
    .unwrap();
    let revived = tx.integration(id).await.unwrap().unwrap();
    assert_eq!(revived.status, IntegrationStatus::Pending);
    assert_eq!(
        (revived.name.as_str(), &revived.config),
        ("Acme again", &config)
    );
    assert_eq!((revived.id, revived.item_count), (id, 1));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_comes_late_does_not_wake_a_disconnected_store(pool: PgPool) {
    let (world, project, id) = World::with_store(pool).await;
    let run = world.run(project, id).await;
    let now = world.now();
    let mut tx = world.tenant(project).await;
    let eur = "EUR".parse().unwrap();
    tx.integration_answered(id, eur, "2026-07", now)
        .await
        .unwrap();
    let view = tx.integration_view(id).await.unwrap().unwrap();
    assert_eq!(view.status, IntegrationStatus::Connected);
    assert!(tx.set_integration_paused(id, true, now).await.unwrap());
    tx.disconnect_integration(id, now).await.unwrap();
    tx.integration_answered(id, eur, "2026-07", now)
        .await
        .unwrap();
    tx.set_integration_status(id, IntegrationStatus::Error, Some("away"), now)
        .await
        .unwrap();
    assert!(!tx.set_integration_paused(id, false, now).await.unwrap());
    tx.commit().await.unwrap();
    world.finish(&run, SyncStatus::Success).await;

    let mut tx = world.tenant(project).await;
    let view = tx.integration_view(id).await.unwrap().unwrap();
    assert_eq!(view.status, IntegrationStatus::Disconnected);
    assert_eq!((view.status_detail, view.data_fresh_as_of), (None, None));
    assert!(view.paused);
}
