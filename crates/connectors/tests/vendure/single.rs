//! Reading single items again.

use crate::{
    harness::Shop,
    support_single::{Whole, alone, items, product, variant},
};

#[tokio::test]
async fn products_variants_and_orders_come_by_their_ids_and_what_is_gone_is_said() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let store = shop.store();
    for units in [1, 2] {
        let id = admin.variant_id("L2201308").await.unwrap();
        let placed = shop.server.buy(&[(&id, units)]).await.unwrap();
        admin.settle_payments(&placed.id).await.unwrap();
    }
    let whole = Whole::of(&store).await;
    let deleted = whole.variants.values().nth(5).unwrap();
    admin.delete_variant(&deleted.external_id).await.unwrap();
    let mut wanted: Vec<_> = whole
        .some(6)
        .into_iter()
        .filter(|item| {
            item.external_id != deleted.external_id
                && item.product_external_id.as_deref() != Some("1")
        })
        .collect();
    wanted[0] = alone(&wanted[0]);
    wanted.push(product("1"));
    let mut asked = wanted.clone();
    asked.extend([variant(deleted), product("999999")]);
    let found = items(&store).read(&asked).await.unwrap();
    whole.assert_came(&found, &wanted);
    assert_eq!(found.gone.len(), 2, "{:?}", found.gone);

    let mut ids: Vec<String> = whole.orders.keys().cloned().collect();
    assert_eq!(ids.len(), 2);
    ids.push("999999".to_owned());
    let found = items(&store).read_orders(&ids).await.unwrap();
    assert_eq!(found.gone, ["999999"]);
    for order in &found.batch.orders {
        assert_eq!(order, &whole.orders[&order.external_id]);
    }
    assert_eq!(found.batch.orders.len(), 2);
    shop.close().await;
}
