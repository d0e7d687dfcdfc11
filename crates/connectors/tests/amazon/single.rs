//! Reading single items again.

use calibr_sandbox::amazon::{ListingChange, SellerSettings};

use crate::{
    harness::{SELLER, Scene, calls, usual},
    support_single::{Whole, alone, items, product, variant},
};

#[tokio::test]
async fn listings_come_by_their_skus_twenty_at_once_and_orders_one_by_one() {
    let scene = Scene::of(SellerSettings {
        orders: 30,
        ..usual()
    })
    .await;
    let store = scene.store();
    let whole = Whole::of(&store).await;
    let source = items(&store);
    let mut wanted: Vec<_> = whole.some(17).into_iter().take(17).collect();
    wanted[0] = alone(&wanted[0]);
    let deleted = whole.variants.values().nth(1).unwrap();
    let delete = ListingChange::Delete {
        sku: deleted.external_id.clone(),
    };
    scene.amazon().change(SELLER, delete).unwrap();
    let before = calls(&scene)["searchListingsItems"];
    let mut asked = wanted.clone();
    let gone = [variant(deleted), product("NO-SUCH-SKU")];
    asked.extend(gone.clone());
    let found = source.read(&asked).await.unwrap();
    whole.assert_came(&found, &wanted);
    assert_eq!(found.gone, gone);
    assert_eq!(calls(&scene)["searchListingsItems"], before + 1);

    let mut ids: Vec<String> = whole.orders.keys().take(4).cloned().collect();
    ids.push("999-9999999-9999999".to_owned());
    let found = source.read_orders(&ids).await.unwrap();
    assert_eq!(found.gone, ["999-9999999-9999999"]);
    assert_eq!(found.batch.faults, []);
    assert_eq!(found.batch.orders.len(), 4);
    for order in &found.batch.orders {
        assert_eq!(order, &whole.orders[&order.external_id]);
    }
    scene.never_too_fast();
}
