//! Whatever a store repeats, reorders or has interrupted: what stands in the
//! end is the last record of each id, once.

use std::collections::BTreeMap;

use calibr_store::catalogue::{BatchInput, VariantInput};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sqlx::PgPool;

use crate::support::{World, batch, eur, product, variant};

const CASES: usize = 12;

/// What happens to one batch on its way.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Written,
    /// Written, and the worker is lost before it can go on: written again.
    Replayed,
    /// The worker is lost before the commit: only its heir's write counts.
    LostFirst,
}

/// Variants as (number, price), and what happens to them.
type Sent = (Vec<(u8, i64)>, Fate);

/// Batches of several runs.
fn runs() -> impl Strategy<Value = Vec<Vec<Sent>>> {
    let fate = prop_oneof![
        Just(Fate::Written),
        Just(Fate::Replayed),
        Just(Fate::LostFirst)
    ];
    let records = prop::collection::vec((0..12_u8, 1..4_i64), 0..8);
    prop::collection::vec(prop::collection::vec((records, fate), 0..5), 1..4)
}

fn records(variants: &[(u8, i64)]) -> BatchInput {
    let products = variants.iter().map(|(number, _)| {
        let id = format!("p{}", number % 3);
        product(&id, &id)
    });
    let variants = variants.iter().map(|(number, price)| VariantInput {
        price: eur(*price),
        ..variant(&format!("v{number:02}"), &format!("p{}", number % 3))
    });
    batch(products.collect(), variants.collect())
}

#[sqlx::test(migrator = "calibr_store::MIGRATOR")]
async fn listings_are_the_last_record_of_each_id_once(pool: PgPool) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[23; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let world = World::new(pool);
    for case in 0..CASES {
        let runs = runs().new_tree(&mut runner).unwrap().current();
        let (project, _) = world.project(&format!("case-{case}")).await;
        let integration = world.integration(project, "acme.example").await;
        let mut expected = BTreeMap::new();
        for batches in &runs {
            let mut run = world.run(project, integration).await;
            let mut met = BTreeMap::new();
            for (variants, fate) in batches {
                let batch = records(variants);
                if !matches!(fate, Fate::Written) {
                    let mut tx = world.tenant(project).await;
                    tx.write_batch(&batch, &world.context(&run)).await.unwrap();
                    match fate {
                        Fate::Replayed => tx.commit().await.unwrap(),
                        _ => drop(tx),
                    }
                    world.let_lease_lapse(run.id).await;
                    run = world.take_up(project, run.id).await;
                }
                world.write(&run, &batch).await;
                for (number, price) in variants {
                    met.insert(format!("v{number:02}"), eur(*price));
                }
            }
            world
                .finish(&run, calibr_model::status::SyncStatus::Success)
                .await;
            let view = world.run_view(&run).await;
            assert_eq!(view.items_synced, met.len() as i64, "{runs:?}");
            expected.extend(met);
        }
        let found: Vec<_> = world
            .listings(project)
            .await
            .into_iter()
            .map(|listing| (listing.external_id, listing.price))
            .collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{runs:?}");
    }
}
