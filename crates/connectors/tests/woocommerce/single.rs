//! Reading single items again.

use calibr_connectors::ItemRef;
use calibr_sandbox::woocommerce::{StoreChange, StoreSettings};

use crate::{
    harness::{Scene, usual},
    support_single::{Whole, alone, items, product, variant},
};

#[tokio::test]
async fn products_variations_and_orders_come_by_their_ids_and_what_is_gone_is_said() {
    let scene = Scene::of(StoreSettings {
        orders: 40,
        ..usual()
    })
    .await;
    let store = scene.store();
    let whole = Whole::of(&store).await;
    let (simple, variations) = (scene.simple(), scene.variations());
    let of_product = variations[0].product_id;
    let mut wanted = vec![product(&of_product.to_string())];
    wanted.extend(
        simple
            .iter()
            .take(3)
            .map(|one| product(&one.id.to_string())),
    );
    let of_product = of_product.to_string();
    let is_other = |item: &ItemRef| {
        let product = item.product_external_id.as_deref().unwrap();
        product != item.external_id && product != of_product
    };
    wanted.extend(whole.some(9).into_iter().filter(is_other).take(6));

    let deleted = variations.last().unwrap();
    scene.change(StoreChange::DeleteVariation {
        variation: deleted.id,
    });
    let gone_product = simple.last().unwrap();
    scene.change(StoreChange::DeleteProduct {
        product: gone_product.id,
    });
    let gone = [
        variant(&whole.variants[&deleted.id.to_string()]),
        product(&gone_product.id.to_string()),
        product("no number"),
    ];
    let mut asked = wanted.clone();
    asked.extend(gone.clone());
    let found = items(&store).read(&asked).await.unwrap();
    whole.assert_came(&found, &wanted);
    assert_eq!(found.gone.len(), gone.len(), "{:?}", found.gone);
    assert!(
        gone.iter().all(|item| found.gone.contains(item)),
        "{:?}",
        found.gone
    );

    let mut ids: Vec<String> = whole.orders.keys().take(12).cloned().collect();
    ids.push("99999999".to_owned());
    let found = items(&store).read_orders(&ids).await.unwrap();
    assert_eq!(found.gone, ["99999999"]);
    assert_eq!(found.batch.orders.len(), 12);
    for order in &found.batch.orders {
        assert_eq!(order, &whole.orders[&order.external_id]);
    }
}

#[tokio::test]
async fn a_simple_product_comes_by_its_number_whether_it_is_taken_for_a_product_or_for_a_variant() {
    let scene = Scene::usual().await;
    let store = scene.store();
    let whole = Whole::of(&store).await;
    let simple = &scene.simple()[0];
    let as_variant = variant(&whole.variants[&simple.id.to_string()]);
    for item in [
        product(&simple.id.to_string()),
        as_variant.clone(),
        alone(&as_variant),
    ] {
        let found = items(&store)
            .read(std::slice::from_ref(&item))
            .await
            .unwrap();
        assert_eq!(found.gone, []);
        whole.assert_came(&found, &[item]);
    }
}
