//! What others ask: how it is, and how it was.

use calibr_model::Money;
use calibr_store::competitors::SeenOffer;
use chrono::TimeDelta;
use sqlx::PgPool;

use crate::support::{World, batch, product, variant};

fn offer(listing: uuid::Uuid, seller: &str, price: i64) -> SeenOffer {
    SeenOffer {
        listing,
        seller: seller.to_owned(),
        price: Money::new(price, "EUR".parse().unwrap()),
        shipping_minor: None,
        featured: false,
    }
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn an_offer_goes_on_until_it_changes_or_goes(pool: PgPool) {
    let (world, project, integration) = World::with_store(pool).await;
    let goods = batch(
        vec![product("p1", "Tent")],
        vec![variant("v1", "p1"), variant("v2", "p1")],
    );
    world.sync(project, integration, &[goods]).await;
    let listing = world.listing(project, "v1").await.id;
    let look = async |offers: &[SeenOffer]| {
        let mut tx = world.tenant(project).await;
        tx.keep_offers(integration, &[listing.0], offers, world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.clock.advance(TimeDelta::hours(1));
    };
    look(&[offer(listing.0, "A", 900), offer(listing.0, "B", 950)]).await;
    look(&[offer(listing.0, "A", 900), offer(listing.0, "B", 940)]).await;
    look(&[offer(listing.0, "B", 940)]).await;

    let mut tx = world.tenant(project).await;
    let now = tx.competitor_offers(listing).await.unwrap();
    assert_eq!(now.len(), 1);
    assert_eq!(
        (now[0].seller.as_str(), now[0].price.amount_minor),
        ("B", 940)
    );
    assert!(now[0].seen_at > now[0].since);
    // What was is kept: two offers that ended, one that stands.
    assert_eq!(world.count("competitor_offers").await, 3);

    // The one that was never looked at comes first, the other when it is time.
    let watched = async |tx: &mut calibr_store::TenantTx, before| {
        let listings = tx.listings_to_watch(integration, before, 10).await.unwrap();
        listings
            .into_iter()
            .map(|listing| listing.external_id)
            .collect::<Vec<_>>()
    };
    let recently = world.now() - TimeDelta::hours(5);
    assert_eq!(watched(&mut tx, recently).await, ["v2"]);
    assert_eq!(watched(&mut tx, world.now()).await, ["v2", "v1"]);
}
