//! Orders: each counts once, as it stands now, on the merchant's day.

use calibr_model::{
    Money,
    status::{FailureKind, SyncStatus},
    views::{DaySales, ListingSales, Sold, StoreSales},
};
use calibr_store::{
    StoreError,
    catalogue::FailureInput,
    orders::{OrderBatchInput, OrderCounts, OrderInput},
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgPool;

use crate::support::{Run, World, batch, failure, line, order, product, variant};

async fn shop(pool: PgPool) -> (World, Run) {
    let (world, project, integration) = World::with_store(pool).await;
    let run = world.run(project, integration).await;
    let goods = batch(
        vec![product("p1", "Tent")],
        vec![variant("v1", "p1"), variant("v2", "p1")],
    );
    world.write(&run, &goods).await;
    (world, run)
}

fn orders(orders: Vec<OrderInput>) -> OrderBatchInput {
    OrderBatchInput {
        orders,
        ..OrderBatchInput::default()
    }
}

async fn write(world: &World, run: &Run, batch: &OrderBatchInput) -> OrderCounts {
    let mut tx = world.tenant(run.claimed.project).await;
    let counts = tx.write_orders(batch, &world.context(run)).await.unwrap();
    tx.commit().await.unwrap();
    counts
}

async fn sales(world: &World, run: &Run, variant: &str) -> Vec<DaySales> {
    let project = run.claimed.project;
    let listing = world.listing(project, variant).await.id;
    let mut tx = world.tenant(project).await;
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    tx.listing_sales(listing, day("2026-10-01"), day("2026-12-31"))
        .await
        .unwrap()
}

fn day(date: &str, units: i64, refunded_units: i64, revenue: i64, refunded: i64) -> DaySales {
    let eur = |amount| Money::new(amount, "EUR".parse().unwrap());
    DaySales {
        day: date.parse().unwrap(),
        units,
        refunded_units,
        revenue: eur(revenue),
        refunded: eur(refunded),
    }
}

fn counts(written: i64, unchanged: i64, failed: i64) -> OrderCounts {
    OrderCounts {
        written,
        unchanged,
        failed,
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn lines_add_up_by_listing_and_the_merchants_day(pool: PgPool) {
    let (world, run) = shop(pool).await;
    // 23:30 in UTC is the next day in Berlin, where the project is.
    let batch = orders(vec![
        order(
            "o1",
            "2026-11-01T10:00:00Z",
            vec![line("1", "v1", 2, 2_000)],
        ),
        order(
            "o2",
            "2026-11-01T22:59:59Z",
            vec![line("1", "v1", 1, 1_000), line("2", "v2", 3, 900)],
        ),
        order("o3", "2026-11-01T23:30:00Z", vec![line("1", "v1", 1, 950)]),
    ]);
    assert_eq!(write(&world, &run, &batch).await, counts(3, 0, 0));
    assert_eq!(
        sales(&world, &run, "v1").await,
        [
            day("2026-11-01", 3, 0, 3_000, 0),
            day("2026-11-02", 1, 0, 950, 0)
        ]
    );
    assert_eq!(
        sales(&world, &run, "v2").await,
        [day("2026-11-01", 3, 0, 900, 0)]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn the_same_orders_again_change_nothing(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let once = order(
        "o1",
        "2026-11-01T10:00:00Z",
        vec![line("1", "v1", 2, 2_000)],
    );
    let batch = orders(vec![once.clone(), once]);
    assert_eq!(write(&world, &run, &batch).await, counts(1, 0, 0));
    assert_eq!(write(&world, &run, &batch).await, counts(0, 1, 0));
    assert_eq!(
        sales(&world, &run, "v1").await,
        [day("2026-11-01", 2, 0, 2_000, 0)]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn refunds_changes_and_cancellations_correct_what_was_counted(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let first = order(
        "o1",
        "2026-11-01T10:00:00Z",
        vec![line("1", "v1", 3, 3_000)],
    );
    write(&world, &run, &orders(vec![first.clone()])).await;

    let mut refunded = first.clone();
    refunded.updated_at = Some(at("2026-11-05T10:00:00Z"));
    refunded.lines[0].refunded_quantity = 1;
    refunded.lines[0].refunded_minor = 1_000;
    refunded.hash[0] += 1;
    write(&world, &run, &orders(vec![refunded.clone()])).await;
    assert_eq!(
        sales(&world, &run, "v1").await,
        [day("2026-11-01", 3, 1, 3_000, 1_000)]
    );

    // An edited order may carry another listing, and be of another day.
    let mut edited = refunded.clone();
    edited.updated_at = Some(at("2026-11-06T10:00:00Z"));
    edited.placed_at = at("2026-11-02T10:00:00Z");
    edited.lines = vec![line("9", "v2", 1, 700)];
    edited.hash[0] += 1;
    write(&world, &run, &orders(vec![edited.clone()])).await;
    assert_eq!(sales(&world, &run, "v1").await, []);
    assert_eq!(
        sales(&world, &run, "v2").await,
        [day("2026-11-02", 1, 0, 700, 0)]
    );

    let mut cancelled = edited.clone();
    cancelled.updated_at = Some(at("2026-11-07T10:00:00Z"));
    cancelled.cancelled = true;
    cancelled.hash[0] += 1;
    write(&world, &run, &orders(vec![cancelled])).await;
    assert_eq!(sales(&world, &run, "v2").await, []);

    // What comes late and is older than what is here says nothing.
    assert_eq!(
        write(&world, &run, &orders(vec![refunded])).await,
        counts(0, 1, 0)
    );
    assert_eq!(sales(&world, &run, "v1").await, []);
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn each_currency_is_summed_by_itself(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let mut dollars = line("2", "v1", 1, 1_100);
    dollars.amount = Money::new(1_100, "USD".parse().unwrap());
    let batch = orders(vec![order(
        "o1",
        "2026-11-01T10:00:00Z",
        vec![line("1", "v1", 1, 1_000), dollars],
    )]);
    write(&world, &run, &batch).await;
    let sums: Vec<String> = sales(&world, &run, "v1")
        .await
        .iter()
        .map(|day| format!("{} {}", day.revenue.amount_minor, day.revenue.currency))
        .collect();
    assert_eq!(sums, ["1000 EUR", "1100 USD"]);
}

/// What the stores sold of the product that has the variant, by their order.
async fn product_sales(world: &World, run: &Run, variant: &str) -> Vec<StoreSales> {
    let project = run.claimed.project;
    let product = world.listing(project, variant).await.product_id;
    let mut tx = world.tenant(project).await;
    tx.product_sales(product, world.now()).await.unwrap()
}

fn sold(units: i64, revenue: i64, currency: &str) -> Sold {
    let amount = |minor| Money::new(minor, currency.parse().unwrap());
    Sold {
        units,
        refunded_units: 0,
        revenue: amount(revenue),
        refunded: amount(0),
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_product_sold_in_the_last_7_and_30_of_the_merchants_days(pool: PgPool) {
    let (world, run) = shop(pool).await;
    // 23:30 in UTC on the 23rd is the 24th in Berlin: the last 7 days begin on
    // the 18th, the last 30 on the 26th of October.
    world.clock.advance(TimeDelta::minutes(11 * 60 + 30));
    let day = |id: &str, date: &str, units, amount| {
        let at = format!("{date}T12:00:00Z");
        order(id, &at, vec![line("1", "v1", units, amount)])
    };
    let mut dollars = day("o6", "2026-11-20", 5, 500);
    dollars.lines[0].amount = Money::new(500, "USD".parse().unwrap());
    let mut returned = day("o7", "2026-11-19", 1, 30);
    returned.lines[0].refunded_quantity = 1;
    returned.lines[0].refunded_minor = 20;
    let earlier = order("o9", "2026-11-10T12:00:00Z", vec![line("1", "v2", 64, 640)]);
    let batch = orders(vec![
        earlier,
        day("o1", "2026-11-24", 1, 1),
        day("o2", "2026-11-18", 2, 20),
        day("o3", "2026-11-17", 4, 400),
        day("o4", "2026-10-26", 8, 8_000),
        day("o5", "2026-10-25", 16, 16_000),
        dollars,
        returned,
        // Half an hour before midnight in UTC is tomorrow for the merchant.
        order(
            "o8",
            "2026-11-24T23:30:00Z",
            vec![line("1", "v1", 32, 32_000)],
        ),
    ]);
    write(&world, &run, &batch).await;

    let listing_id = world.listing(run.claimed.project, "v1").await.id;
    let other = world.listing(run.claimed.project, "v2").await.id;
    let euro = |units, refunded_units, revenue, refunded| Sold {
        refunded_units,
        refunded: Money::new(refunded, "EUR".parse().unwrap()),
        ..sold(units, revenue, "EUR")
    };
    let listings = vec![
        ListingSales {
            listing_id,
            last_7_days: euro(4, 1, 51, 20),
            last_30_days: euro(16, 1, 8_451, 20),
        },
        ListingSales {
            listing_id,
            last_7_days: sold(5, 500, "USD"),
            last_30_days: sold(5, 500, "USD"),
        },
        ListingSales {
            listing_id: other,
            last_7_days: sold(0, 0, "EUR"),
            last_30_days: sold(64, 640, "EUR"),
        },
    ];
    assert_eq!(
        product_sales(&world, &run, "v1").await,
        [StoreSales {
            integration_id: run.integration,
            as_of: None,
            refused: None,
            listings,
        }]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_product_that_sold_nothing_tells_how_its_stores_orders_stand(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let stands = async || {
        let [store] = &product_sales(&world, &run, "v1").await[..] else {
            panic!("one store has it");
        };
        assert_eq!(store.listings, []);
        (store.as_of, store.refused.clone())
    };
    assert_eq!(stands().await, (None, None));

    let mut tx = world.tenant(run.claimed.project).await;
    tx.orders_were_refused("It lacks read_orders.", &world.context(&run))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let why = Some("It lacks read_orders.".to_owned());
    assert_eq!(stands().await, (None, why));

    let mut tx = world.tenant(run.claimed.project).await;
    let watermark = run.claimed.watermark;
    tx.orders_came_through(watermark, &world.context(&run))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stands().await, (Some(watermark), None));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn sums_that_no_shop_has_stay_within_their_bounds(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let most = |id: &str, date: &str| {
        let at = format!("{date}T12:00:00Z");
        order(id, &at, vec![line("1", "v1", i64::MAX, i64::MAX)])
    };
    let batch = orders(vec![most("o1", "2026-11-22"), most("o2", "2026-11-23")]);
    write(&world, &run, &batch).await;
    let stores = product_sales(&world, &run, "v1").await;
    let week = stores[0].listings[0].last_7_days;
    assert_eq!(week, sold(i64::MAX, i64::MAX, "EUR"));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_line_is_counted_when_its_listing_comes(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let mut cancelled = order("o2", "2026-11-01T10:00:00Z", vec![line("1", "v3", 5, 500)]);
    cancelled.cancelled = true;
    let batch = orders(vec![
        order(
            "o1",
            "2026-11-01T10:00:00Z",
            vec![line("1", "v3", 2, 2_000)],
        ),
        cancelled,
    ]);
    write(&world, &run, &batch).await;
    let link = async || {
        let mut tx = world.tenant(run.claimed.project).await;
        let linked = tx.link_orders(&world.context(&run)).await.unwrap();
        tx.commit().await.unwrap();
        linked
    };
    assert_eq!(link().await, 0);
    let late = crate::support::batch(vec![product("p1", "Tent")], vec![variant("v3", "p1")]);
    world.write(&run, &late).await;
    assert_eq!((link().await, link().await), (2, 0));
    assert_eq!(
        sales(&world, &run, "v3").await,
        [day("2026-11-01", 2, 0, 2_000, 0)]
    );
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn failed_orders_are_noted_once_and_hold_the_watermark(pool: PgPool) {
    let (world, run) = shop(pool).await;
    let project = run.claimed.project;
    let broken = OrderBatchInput {
        failures: vec![FailureInput {
            kind: FailureKind::Order,
            ..failure(Some("o9"), "order_unreadable")
        }],
        ..OrderBatchInput::default()
    };
    assert_eq!(write(&world, &run, &broken).await, counts(0, 0, 1));
    assert_eq!(write(&world, &run, &broken).await, counts(0, 0, 0));
    let through = async |run: &Run| {
        let mut tx = world.tenant(project).await;
        tx.orders_came_through(run.claimed.watermark, &world.context(run))
            .await
            .unwrap();
        let watermark = tx.orders_watermark(run.integration).await.unwrap();
        tx.commit().await.unwrap();
        watermark
    };
    assert_eq!(through(&run).await, None);
    world.finish(&run, SyncStatus::Partial).await;
    world.clock.advance(TimeDelta::hours(1));
    let next = world.run(project, run.integration).await;
    assert_eq!(through(&next).await, Some(next.claimed.watermark));
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn a_worker_that_lost_its_run_writes_no_orders(pool: PgPool) {
    let (world, run) = shop(pool).await;
    world.finish(&run, SyncStatus::Success).await;
    let mut tx = world.tenant(run.claimed.project).await;
    let batch = orders(vec![order("o1", "2026-11-01T10:00:00Z", vec![])]);
    let refused = tx.write_orders(&batch, &world.context(&run)).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
}
