//! Reading the catalogue: all of it, from any point on, and what was changed.

use std::collections::BTreeSet;

use calibr_connectors::{CataloguePlan, Checkpoint, Connector, Fault, FixedCredentials, Scope};
use calibr_model::{Sources, status::ListingState};
use calibr_testkit::vendure::{SEEDED_VARIANTS, VendureOptions};
use futures::StreamExt;
use serde_json::json;

use crate::harness::{Shop, connector, credentials, products, pull, skus, variants};

/// A server that admits fewer rows than a page has.
fn short_lists() -> VendureOptions {
    VendureOptions {
        list_limit: Some(30),
        ..VendureOptions::default()
    }
}

#[tokio::test]
async fn the_whole_shop_arrives_once_and_again_from_any_checkpoint() {
    let shop = Shop::open_with(short_lists()).await;
    let store = shop.store();

    let batches = pull(&store, Scope::Full, None).await.unwrap();
    let all = variants(&batches);
    let ids: BTreeSet<_> = all.iter().map(|variant| &variant.external_id).collect();
    assert_eq!(all.len() as u64, SEEDED_VARIANTS);
    assert_eq!(ids.len(), all.len());
    assert_eq!(
        shop.admin().await.variant_count().await.unwrap(),
        SEEDED_VARIANTS
    );
    assert_eq!(products(&batches).len(), 54);
    assert!(batches.len() > 3, "the list comes in pages");
    let mut known = BTreeSet::new();
    for batch in &batches {
        assert_eq!(batch.expected, Some(SEEDED_VARIANTS));
        assert!(batch.faults.is_empty(), "{:?}", batch.faults);
        known.extend(batch.products.iter().map(|product| &product.external_id));
        assert!(
            batch
                .variants
                .iter()
                .all(|variant| known.contains(&variant.product_external_id))
        );
        assert!(batch.variants.iter().all(|variant| variant.price.is_some()));
    }
    let mut laptop = all[0].clone();
    assert!(laptop.updated_at.take().is_some());
    insta::assert_debug_snapshot!(laptop, @r#"
    VariantRecord {
        external_id: "1",
        product_external_id: "1",
        title: "13 inch / 8GB",
        sku: Some(
            "L2201308",
        ),
        barcode: None,
        price: Some(
            1299.00 USD,
        ),
        compare_at: None,
        stock: Some(
            100,
        ),
        state: None,
        updated_at: None,
    }
    "#);
    let mut product = batches[0].products[0].clone();
    assert!(product.updated_at.take().is_some());
    let picture = product.image_url.take().unwrap();
    assert!(picture.starts_with(shop.server.url().as_str()), "{picture}");
    insta::assert_debug_snapshot!(product, @r#"
    ProductRecord {
        external_id: "1",
        title: "Laptop",
        handle: Some(
            "laptop",
        ),
        vendor: None,
        product_type: None,
        image_url: None,
        state: Active,
        updated_at: None,
    }
    "#);

    for (index, batch) in batches.iter().enumerate() {
        let rest = pull(&store, Scope::Full, batch.checkpoint.clone())
            .await
            .unwrap();
        assert_eq!(
            variants(&rest),
            variants(&batches[index + 1..]),
            "from batch {index}"
        );
    }
    let elsewhere = pull(&shop.store(), Scope::Full, batches[1].checkpoint.clone())
        .await
        .unwrap();
    assert_eq!(
        variants(&elsewhere),
        variants(&batches[2..]),
        "on another replica"
    );
    shop.close().await;
}

#[tokio::test]
async fn variants_deleted_or_added_while_the_list_is_read_lose_no_other() {
    let shop = Shop::open_with(short_lists()).await;
    let admin = shop.admin().await;
    let store = shop.store();
    let before = skus(&pull(&store, Scope::Full, None).await.unwrap());

    let plan = CataloguePlan {
        scope: Scope::Full,
        resume: None,
    };
    let mut stream = store.catalogue().pull(plan);
    let first = stream.next().await.unwrap().unwrap();
    let deleted: Vec<_> = first.variants.iter().take(3).collect();
    for variant in &deleted {
        admin.delete_variant(&variant.external_id).await.unwrap();
    }
    admin
        .create_product("Late comer", "LATE-1", 100)
        .await
        .unwrap();
    let mut batches = vec![first.clone()];
    while let Some(batch) = stream.next().await {
        batches.push(batch.unwrap());
    }

    let mut expected = before.clone();
    expected.push("LATE-1".to_owned());
    assert_eq!(
        skus(&batches),
        expected,
        "what was there at the beginning, and the new one"
    );
    let again = skus(&pull(&store, Scope::Full, None).await.unwrap());
    assert_eq!(again.len(), before.len() - deleted.len() + 1);
    drop(stream);
    shop.close().await;
}

#[tokio::test]
async fn only_what_was_changed_comes_with_a_later_run() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let store = shop.store();
    let full = pull(&store, Scope::Full, None).await.unwrap();
    let now = || Scope::Since(Sources::system().now());

    let since = now();
    let nothing = pull(&store, since, None).await.unwrap();
    assert!(variants(&nothing).is_empty() && products(&nothing).is_empty());
    assert_eq!(nothing[0].expected, Some(0));

    // A price is changed in Vendure.
    let repriced = admin.variant_id("L2201508").await.unwrap();
    admin.set_price(&repriced, 123_456).await.unwrap();
    let changes = pull(&store, since, None).await.unwrap();
    let changed = variants(&changes);
    assert_eq!(changed.len(), 1);
    assert_eq!(changed[0].external_id, repriced);
    assert_eq!(changed[0].price.unwrap().to_string(), "$1,234.56");
    assert_eq!(changes[0].products.len(), 1, "with its product");
    let mut expected = variants(&full)
        .into_iter()
        .find(|v| v.external_id == repriced)
        .unwrap();
    expected.price = changed[0].price;
    expected.updated_at = changed[0].updated_at;
    assert_eq!(changed[0], expected, "all else is as before");

    // A product is renamed and another taken off sale: their variants are not
    // touched.
    let since = now();
    let tablet = admin
        .product_of(&admin.variant_id("TBL200032").await.unwrap())
        .await
        .unwrap();
    admin.rename_product(&tablet, "Slate").await.unwrap();
    let laptop = admin.product_of(&repriced).await.unwrap();
    admin
        .update_product(&laptop, json!({ "enabled": false }))
        .await
        .unwrap();
    let changes = pull(&store, since, None).await.unwrap();
    assert!(variants(&changes).is_empty());
    let changed: Vec<_> = changes.iter().flat_map(|batch| &batch.products).collect();
    assert_eq!(changed.len(), 2);
    assert_eq!(
        (&changed[0].external_id, changed[0].state),
        (&laptop, ListingState::Draft)
    );
    assert_eq!(
        (&changed[1].external_id, changed[1].title.as_str()),
        (&tablet, "Slate")
    );

    // A variant is taken off sale, another is new.
    let since = now();
    admin
        .update_variant(&repriced, json!({ "enabled": false }))
        .await
        .unwrap();
    let created = admin
        .create_product("Socks 🧦 جوارب", "SOCKS-1", 499)
        .await
        .unwrap();
    let changes = pull(&store, since, None).await.unwrap();
    let changed = variants(&changes);
    assert_eq!(changed.len(), 2);
    assert_eq!(changed[0].state, Some(ListingState::Draft));
    assert_eq!(changed[1].external_id, created.variant_id);
    assert_eq!((changed[1].state, changed[1].title.as_str()), (None, ""));
    assert_eq!(products(&changes)[&created.product_id], "Socks 🧦 جوارب");

    // Taken up again from any of its checkpoints it gives the rest.
    for (index, batch) in changes.iter().enumerate() {
        let rest = pull(&store, since, batch.checkpoint.clone()).await.unwrap();
        assert_eq!(
            variants(&rest),
            variants(&changes[index + 1..]),
            "from batch {index}"
        );
        assert_eq!(
            products(&rest),
            products(&changes[index + 1..]),
            "from batch {index}"
        );
    }

    // A full run knows it all, also what is not on sale.
    let full = pull(&store, Scope::Full, None).await.unwrap();
    assert_eq!(variants(&full).len() as u64, SEEDED_VARIANTS + 1);
    assert_eq!(products(&full)[&tablet], "Slate");
    shop.close().await;
}

#[tokio::test]
async fn a_note_of_another_kind_means_to_begin_anew() {
    let nowhere = [("url".to_owned(), "http://127.0.0.1:9/".to_owned())].into();
    let key = FixedCredentials::new(credentials([("api_key", "k")]));
    let store = connector().open(&nowhere, key).unwrap();
    let note = Checkpoint(json!({ "kind": "export" }));
    let refused = pull(&store, Scope::Full, Some(note)).await.unwrap_err();
    assert_eq!(refused.fault, Fault::CheckpointLost);
}
