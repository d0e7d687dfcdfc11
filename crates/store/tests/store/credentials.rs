//! Sealed credentials: kept as whole sets, refreshed by one at a time.

use calibr_model::{IntegrationId, ProjectId, credential::CredentialView};
use calibr_store::{
    TenantTx,
    credentials::{SealedCredential, SealedDataKeyRecord},
};
use chrono::TimeDelta;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{World, somebody_waits};

fn sealed(field: &str, key: Uuid, sealed: &[u8]) -> SealedCredential {
    SealedCredential {
        field: field.to_owned(),
        data_key_id: key,
        sealed: sealed.to_vec(),
        ends_in: Some("4f2a".to_owned()),
        expires_at: None,
    }
}

async fn add_key(tx: &mut TenantTx, world: &World, integration: IntegrationId) -> Uuid {
    let key = SealedDataKeyRecord {
        id: world.sources.uuid(),
        key_id: "k1".to_owned(),
        sealed: vec![7],
    };
    tx.add_data_key(integration, &key, world.now())
        .await
        .unwrap();
    key.id
}

async fn views(
    world: &World,
    project: ProjectId,
    integration: IntegrationId,
) -> Vec<CredentialView> {
    let mut tx = world.tenant(project).await;
    tx.credential_views(integration).await.unwrap()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_newest_data_key_seals_and_older_ones_still_open(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let mut tx = world.tenant(project).await;
    assert!(tx.data_key(integration).await.unwrap().is_none());
    assert!(!tx.lock_credentials(integration).await.unwrap());
    let old = add_key(&mut tx, &world, integration).await;
    world.clock.advance(TimeDelta::days(1));
    let new = add_key(&mut tx, &world, integration).await;
    assert_eq!(tx.data_key(integration).await.unwrap().unwrap().id, new);
    let found = tx.data_key_by_id(integration, old).await.unwrap().unwrap();
    assert_eq!(found.sealed, [7]);
    let of_another = tx.data_key_by_id(world.sources.id(), old).await.unwrap();
    assert!(of_another.is_none());
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_refresh_replaces_the_set_and_keeps_who_saved_it(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let ada = world.user("ada@acme.example").await;
    let mut tx = world.tenant(project).await;
    let key = add_key(&mut tx, &world, integration).await;
    let set = [sealed("token", key, &[1]), sealed("secret", key, &[2])];
    tx.replace_credentials(integration, &set, Some(ada), world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let saved_at = world.now();
    world.clock.advance(TimeDelta::hours(1));

    let mut tx = world.tenant(project).await;
    let refreshed = [
        SealedCredential {
            expires_at: Some(world.now() + TimeDelta::hours(1)),
            ends_in: None,
            ..sealed("token", key, &[3])
        },
        sealed("refresh_token", key, &[4]),
    ];
    tx.replace_credentials(integration, &refreshed, None, world.now())
        .await
        .unwrap();
    let kept = tx.credentials(integration).await.unwrap();
    let kept: Vec<_> = kept
        .iter()
        .map(|one| (one.field.as_str(), &one.sealed))
        .collect();
    assert_eq!(kept, [("refresh_token", &vec![4]), ("token", &vec![3])]);
    tx.commit().await.unwrap();

    let shown = views(&world, project, integration).await;
    let by_nobody = &shown[0];
    assert_eq!(
        (by_nobody.field.as_str(), &by_nobody.saved_by),
        ("refresh_token", &None)
    );
    let token = &shown[1];
    assert_eq!(token.saved_by.as_deref(), Some("Name of ada@acme.example"));
    assert_eq!(token.saved_at, saved_at + TimeDelta::hours(1));
    assert_eq!(token.expires_at, refreshed[0].expires_at);
    assert_eq!(token.ends_in, None);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn disconnecting_removes_credentials_and_data_keys(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let other = world.integration(project, "other.example").await;
    let mut tx = world.tenant(project).await;
    for integration in [integration, other] {
        let key = add_key(&mut tx, &world, integration).await;
        tx.replace_credentials(
            integration,
            &[sealed("token", key, &[1])],
            None,
            world.now(),
        )
        .await
        .unwrap();
    }
    tx.disconnect_integration(integration, world.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(views(&world, project, integration).await, []);
    assert_eq!(views(&world, project, other).await.len(), 1);
    assert_eq!(world.count("data_keys").await, 1);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn one_refresh_at_a_time_and_the_second_sees_the_firsts_tokens(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool.clone()).await;
    let mut tx = world.tenant(project).await;
    let key = add_key(&mut tx, &world, integration).await;
    tx.replace_credentials(
        integration,
        &[sealed("token", key, &[1])],
        None,
        world.now(),
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();

    let mut first = world.tenant(project).await;
    assert!(first.lock_credentials(integration).await.unwrap());
    let second = tokio::spawn({
        let world = world.clone();
        async move {
            let mut tx = world.tenant(project).await;
            assert!(tx.lock_credentials(integration).await.unwrap());
            tx.credentials(integration).await.unwrap()
        }
    });
    somebody_waits(&pool).await;
    first
        .replace_credentials(
            integration,
            &[sealed("token", key, &[2])],
            None,
            world.now(),
        )
        .await
        .unwrap();
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap()[0].sealed, [2]);
}
