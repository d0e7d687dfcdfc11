//! Buckets that several processes take from: more than the rate never comes out.

use std::time::Duration;

use calibr_store::{
    Db,
    rate_buckets::{BucketRate, Token},
};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};

use crate::support::World;

/// Slow enough that nothing comes back while a test runs.
const SLOW: BucketRate = BucketRate {
    per_second: 0.001,
    burst: 5.0,
};
const DAY: Duration = Duration::from_secs(86_400);

async fn take(db: &Db, longest: Duration) -> Token {
    db.take_token("amazon:eu:A1", SLOW, longest).await.unwrap()
}

/// The wait in whole tokens of [`SLOW`].
fn tokens_away(token: Token) -> u64 {
    match token {
        Token::Taken(wait) | Token::TooFar(wait) => (wait.as_secs_f64() / 1_000.0).ceil() as u64,
    }
}

/// Lets time go by in every bucket.
async fn wait(pool: &PgPool, seconds: u32) {
    sqlx::query(AssertSqlSafe(format!(
        "UPDATE rate_buckets SET counted_at = counted_at - interval '{seconds} s',
                                 full_at = full_at - interval '{seconds} s'"
    )))
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_burst_comes_at_once_and_then_the_rate(pool: PgPool) {
    let db = World::new(pool.clone()).db;
    let mut waits = Vec::new();
    for _ in 0..7 {
        let token = take(&db, DAY).await;
        assert!(matches!(token, Token::Taken(_)), "{token:?}");
        waits.push(tokens_away(token));
    }
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2]);
    // Two are owed; of what four tokens' time brings, two are left.
    wait(&pool, 4_000).await;
    let waits = [
        take(&db, DAY).await,
        take(&db, DAY).await,
        take(&db, DAY).await,
    ];
    assert_eq!(waits.map(tokens_away), [0, 0, 1]);
    wait(&pool, 1_000_000).await;
    for _ in 0..5 {
        assert_eq!(take(&db, DAY).await, Token::Taken(Duration::ZERO));
    }
    assert_eq!(
        tokens_away(take(&db, DAY).await),
        1,
        "it holds no more than the burst"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_wait_that_is_too_long_takes_nothing(pool: PgPool) {
    let db = World::new(pool).db;
    for _ in 0..5 {
        take(&db, Duration::ZERO).await;
    }
    for _ in 0..3 {
        let refused = take(&db, Duration::from_secs(60)).await;
        assert!(matches!(refused, Token::TooFar(_)), "{refused:?}");
        assert_eq!(tokens_away(refused), 1);
    }
    assert_eq!(
        tokens_away(take(&db, DAY).await),
        1,
        "the first in line yet"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_drained_bucket_is_empty_and_one_that_is_owed_stays_owed(pool: PgPool) {
    let db = World::new(pool).db;
    db.drain_bucket("amazon:eu:A1", SLOW).await.unwrap();
    assert_eq!(tokens_away(take(&db, DAY).await), 1);
    assert_eq!(tokens_away(take(&db, DAY).await), 2);
    db.drain_bucket("amazon:eu:A1", SLOW).await.unwrap();
    assert_eq!(tokens_away(take(&db, DAY).await), 3);
    let other = db.take_token("amazon:eu:A2", SLOW, DAY).await.unwrap();
    assert_eq!(
        other,
        Token::Taken(Duration::ZERO),
        "another bucket is full"
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn many_takers_on_two_replicas_never_get_more_than_there_is(pool: PgPool) {
    let replicas = [(); 2].map(|()| {
        let options = (*pool.connect_options()).clone();
        let pool = PgPoolOptions::new().max_connections(8);
        Db::from_pool(pool.connect_lazy_with(options))
    });
    let takers = replicas.iter().cycle().take(60).map(|db| {
        let db = db.clone();
        tokio::spawn(async move { take(&db, Duration::from_secs(10_500)).await })
    });
    let takers: Vec<_> = takers.collect();
    let mut taken = Vec::new();
    for taker in takers {
        if let Token::Taken(wait) = taker.await.unwrap() {
            taken.push(tokens_away(Token::Taken(wait)));
        }
    }
    taken.sort_unstable();
    // The burst, and each token once that comes back within the time they would wait.
    assert_eq!(taken, [0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn full_buckets_are_cleared_away_and_names_are_not_kept(pool: PgPool) {
    let db = World::new(pool.clone()).db;
    take(&db, DAY).await;
    assert_eq!(db.remove_full_buckets().await.unwrap(), 0);
    let text: String = sqlx::query_scalar("SELECT rate_buckets::text FROM rate_buckets")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!text.contains("A1"), "{text}");
    wait(&pool, 1_000).await;
    assert_eq!(db.remove_full_buckets().await.unwrap(), 1);
    assert_eq!(take(&db, DAY).await, Token::Taken(Duration::ZERO));
}
