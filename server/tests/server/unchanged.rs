//! A large store of which nothing changed: a sync writes nothing of its catalogue.

use crate::support::{Scene, usual_shop};

const VARIANTS: u32 = 100_000;

/// Which versions of which rows the catalogue is made of: any write, even of the same, makes another.
async fn catalogue(scene: &Scene) -> Vec<(String, i64, String)> {
    let table = |name: &str| {
        format!(
            "SELECT '{name}', count(*),
                    coalesce(md5(string_agg(ctid::text || ':' || xmin, ',' ORDER BY ctid)), '')
             FROM {name}"
        )
    };
    let tables = [
        "products",
        "variants",
        "product_links",
        "listings",
        "price_changes",
    ]
    .map(table);
    let query = tables.join(" UNION ALL ") + " ORDER BY 1";
    scene.database.rows(&query).await
}

#[tokio::test]
async fn a_sync_of_a_hundred_thousand_variants_that_did_not_change_writes_no_row_of_the_catalogue()
{
    let (scene, integration) = Scene::connected(usual_shop(VARIANTS)).await;
    let before = catalogue(&scene).await;
    let listings = before.iter().find(|(name, ..)| name == "listings").unwrap();
    assert_eq!(listings.1, i64::from(VARIANTS));

    let incremental = scene.sync(&integration, "incremental").await;
    assert_eq!(incremental["status"], "success", "{incremental}");
    assert_eq!(catalogue(&scene).await, before);

    // Not even where every record is read again and compared.
    let full = scene.sync(&integration, "full").await;
    assert_eq!(full["status"], "success", "{full}");
    assert_eq!(full["items_unchanged"], VARIANTS, "{full}");
    assert_eq!(catalogue(&scene).await, before);
}
