//! Credentials that a platform delivers while a connect is under way.

use std::collections::BTreeMap;

use calibr_model::{ProjectId, UserId};
use calibr_store::connect_attempts::{ConnectAttempt, SealedDelivery};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::support::{World, digest};

const PLATFORM: &str = "woocommerce";

struct Begun {
    world: World,
    project: ProjectId,
    owner: UserId,
}

impl Begun {
    async fn with(pool: PgPool) -> Self {
        let world = World::new(pool);
        let (project, owner) = world.project("acme").await;
        let attempt = ConnectAttempt {
            id: digest("state"),
            project,
            user: owner,
            platform: PLATFORM.parse().unwrap(),
            fields: BTreeMap::new(),
            integration: None,
            expires_at: world.now() + TimeDelta::minutes(15),
        };
        let mut tx = world.tenant(project).await;
        tx.add_connect_attempt(&attempt, world.now()).await.unwrap();
        tx.commit().await.unwrap();
        Self {
            world,
            project,
            owner,
        }
    }

    async fn deliver(&self, state: &str, platform: &str, secret: u8) -> bool {
        let mut tx = self.world.tenant(self.project).await;
        let (attempt, platform) = (digest(state), platform.parse().unwrap());
        let kept = tx
            .keep_delivery(&attempt, &platform, &delivery(secret), self.world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        kept
    }

    async fn take(&self) -> Option<(ConnectAttempt, Option<SealedDelivery>)> {
        let mut tx = self.world.db.system().await.unwrap();
        let taken = tx.take_connect_attempt(&digest("state"), self.owner).await;
        tx.commit().await.unwrap();
        taken.unwrap()
    }

    async fn clear(&self, before: DateTime<Utc>) -> u64 {
        let mut tx = self.world.db.system().await.unwrap();
        let removed = tx.remove_connect_attempts(before).await.unwrap();
        tx.commit().await.unwrap();
        removed
    }
}

fn delivery(secret: u8) -> SealedDelivery {
    SealedDelivery {
        key_id: "k1".to_owned(),
        data_key: vec![1],
        fields: vec![
            ("consumer_key".to_owned(), vec![secret]),
            ("consumer_secret".to_owned(), vec![secret, secret]),
        ],
        expires_at: None,
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_delivery_waits_with_its_attempt_and_goes_with_it(pool: PgPool) {
    let begun = Begun::with(pool.clone()).await;
    let mut tx = begun.world.db.system().await.unwrap();
    let project = tx.project_of_connect_attempt(&digest("state")).await;
    assert_eq!(project.unwrap(), Some(begun.project));
    let nowhere = tx.project_of_connect_attempt(&digest("another")).await;
    assert_eq!(nowhere.unwrap(), None);
    drop(tx);

    assert!(begun.deliver("state", PLATFORM, 2).await);
    let (attempt, taken) = begun.take().await.unwrap();
    assert_eq!(attempt.id, digest("state"));
    assert_eq!(taken, Some(delivery(2)));
    assert!(
        !begun.deliver("state", PLATFORM, 3).await,
        "the attempt is used up"
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM connect_attempts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_last_delivery_counts_and_none_is_a_word_too(pool: PgPool) {
    let begun = Begun::with(pool).await;
    assert!(begun.deliver("state", PLATFORM, 2).await);
    assert!(begun.deliver("state", PLATFORM, 3).await);
    assert_eq!(begun.take().await.unwrap().1, Some(delivery(3)));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn nothing_is_kept_for_another_state_platform_project_or_time(pool: PgPool) {
    let begun = Begun::with(pool).await;
    assert!(!begun.deliver("another", PLATFORM, 2).await);
    assert!(!begun.deliver("state", "shopify", 2).await);
    let (elsewhere, _) = begun.world.project("elsewhere").await;
    let mut tx = begun.world.tenant(elsewhere).await;
    let platform = PLATFORM.parse().unwrap();
    let now = begun.world.now();
    let kept = tx
        .keep_delivery(&digest("state"), &platform, &delivery(2), now)
        .await
        .unwrap();
    assert!(!kept);
    drop(tx);
    begun.world.clock.advance(TimeDelta::minutes(15));
    assert!(!begun.deliver("state", PLATFORM, 2).await, "it is too late");
    assert_eq!(begun.take().await.unwrap().1, None);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn what_nobody_fetched_is_cleared_away(pool: PgPool) {
    let begun = Begun::with(pool).await;
    assert!(begun.deliver("state", PLATFORM, 2).await);
    let ends = begun.world.now() + TimeDelta::minutes(15);
    assert_eq!(begun.clear(ends).await, 0);
    assert_eq!(begun.clear(ends + TimeDelta::seconds(1)).await, 1);
    assert!(begun.take().await.is_none());
}
