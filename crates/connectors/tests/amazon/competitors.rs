//! What others ask.

use crate::harness::{SELLER, Scene, calls, listing, minor, sellable};

#[tokio::test]
async fn offers_of_others_come_in_batches_of_twenty() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let source = store.competitors().unwrap();
    assert_eq!(source.batch_size(), 20);
    let truth = sellable(&scene, 25);
    let mut listings: Vec<_> = truth.iter().map(listing).collect();
    listings[3].product_external_id = "sku:NONE".to_owned();
    listings[4].product_external_id = "B0ZZZZZZZZ".to_owned();
    let offers = source.offers(&listings).await.unwrap();
    assert_eq!(offers.len(), 25);
    assert!(offers[3].is_empty() && offers[4].is_empty());
    assert!(offers.iter().flatten().count() > 10);
    for (offers, own) in offers.iter().zip(&truth) {
        for offer in offers {
            assert_ne!(offer.seller, SELLER);
            let share = offer.price.amount_minor as f64 / minor(own) as f64;
            assert!((0.8..1.2).contains(&share), "{offer:?}");
        }
        assert!(offers.iter().filter(|offer| offer.featured).count() <= 1);
    }
    assert_eq!(calls(&scene)["getCompetitiveSummary"], 2);
    scene.never_too_fast();
}
