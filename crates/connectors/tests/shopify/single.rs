//! Reading single items again.

use calibr_sandbox::shopify::{Change, ShopSettings};

use crate::{
    harness::{SHOP, Scene, usual},
    support_single::{Whole, alone, items, product, variant},
};

#[tokio::test]
async fn variants_products_and_orders_come_by_their_ids_and_what_is_gone_is_said() {
    let scene = Scene::of(ShopSettings {
        orders: 40,
        ..usual()
    })
    .await;
    let store = scene.store();
    let whole = Whole::of(&store).await;
    let mut wanted = whole.some(20);
    let of_product = &whole.variants.values().nth(7).unwrap().product_external_id;
    wanted.retain(|item| item.product_external_id.as_ref() != Some(of_product));
    wanted.push(product(of_product));
    let deleted = whole.variants.values().nth(201).unwrap();
    wanted.retain(|item| item.product_external_id.as_ref() != Some(&deleted.product_external_id));
    let delete = Change::DeleteProduct {
        product: deleted.product_external_id.clone(),
    };
    scene.shopify().change(SHOP, delete).unwrap();
    wanted[0] = alone(&wanted[0]);
    let mut asked = wanted.clone();
    let gone = [
        variant(deleted),
        product(&deleted.product_external_id),
        product("no id at all"),
    ];
    asked.extend(gone.clone());
    let found = items(&store).read(&asked).await.unwrap();
    whole.assert_came(&found, &wanted);
    assert_eq!(found.gone.len(), gone.len(), "{:?}", found.gone);
    assert!(gone.iter().all(|item| found.gone.contains(item)));
    assert_eq!(scene.asked("CalibrVariantsById"), 1);
    assert_eq!(scene.asked("CalibrProductsById"), 1);
    assert!(!scene.shopify().counters(SHOP).unwrap().overdrawn);

    let mut ids: Vec<String> = whole.orders.keys().take(12).cloned().collect();
    ids.push("gid://shopify/Order/1".to_owned());
    let found = items(&store).read_orders(&ids).await.unwrap();
    assert_eq!(found.gone, ["gid://shopify/Order/1"]);
    assert_eq!(found.batch.faults, []);
    assert_eq!(found.batch.orders.len(), 12);
    for order in &found.batch.orders {
        assert_eq!(order, &whole.orders[&order.external_id]);
    }
}
