//! Every request of the connector and every answer of the sandbox, held against
//! Amazon's published models. Left out where `AMAZON_MODELS_DIR` names no folder
//! that holds them.

mod published;
mod recorded;

use std::{collections::BTreeSet, sync::Arc};

use calibr_connectors::{
    CataloguePlan, Scope, Store,
    orders::OrderPlan,
    prices::{PushAnswer, PushMode},
};
use calibr_sandbox::FaultKind;
use calibr_sandbox::amazon::{NewOrder, NewOrderLine, OrderStep, SellerSettings, Standing};
use chrono::{DateTime, TimeDelta};
use futures::StreamExt;

use self::{published::Models, recorded::Recorder};
use crate::harness::{
    SELLER, Scene, app, full, listing, minor, on_api, priced, pull, pull_all, sellable, sources,
    usual,
};

/// Everything the connector does at a seller's.
async fn live(scene: &Scene, store: &Arc<dyn Store>) {
    store.identify().await.unwrap();
    pull_all(store, full()).await;
    let since = CataloguePlan {
        scope: Scope::Since(DateTime::UNIX_EPOCH),
        resume: None,
    };
    pull_all(store, since).await;
    let listings = sellable(scene, 40);
    let changes: Vec<_> = listings
        .iter()
        .map(|one| priced(one, minor(one) + 3))
        .collect();
    let target = store.prices().unwrap();
    let mut odd = changes[..4].to_vec();
    odd[0].price.amount_minor *= 10;
    odd[1].price.amount_minor /= 3;
    odd[2].listing.external_id = "NO SUCH, SKU/%".to_owned();
    target.push(&odd, PushMode::DryRun).await.unwrap();
    target.push(&odd, PushMode::Apply).await.unwrap();
    let mut answer = target.push(&changes, PushMode::Apply).await.unwrap();
    while let PushAnswer::UnderWay { ticket, .. } = answer {
        answer = target.follow_up(&ticket).await.unwrap();
    }
    let refs: Vec<_> = odd.iter().map(|change| change.listing.clone()).collect();
    target.observe(&refs).await.unwrap();
    let lines = vec![NewOrderLine {
        sku: listings[0].sku.clone(),
        quantity: 2,
        discount: Some("0.50".to_owned()),
    }];
    let order = NewOrder {
        lines,
        pending: true,
    };
    let amazon = scene.amazon();
    let placed = amazon.place_order(SELLER, order.clone()).unwrap();
    amazon.place_order(SELLER, order).unwrap();
    let cancel = OrderStep::Cancel { line: None };
    amazon.step_order(SELLER, &placed, &cancel).unwrap();
    let plan = OrderPlan {
        since: sources().now() - TimeDelta::days(91),
        resume: None,
    };
    let mut orders = store.orders().unwrap().pull(plan);
    while let Some(batch) = orders.next().await {
        batch.unwrap();
    }
    let mut refs: Vec<_> = listings.iter().map(listing).collect();
    refs[0].product_external_id = "B0ZZZZZZZZ".to_owned();
    store.competitors().unwrap().offers(&refs).await.unwrap();
}

/// What Amazon answers on bad days.
async fn suffer(scene: &Scene, store: &Arc<dyn Store>) {
    for kind in [
        FaultKind::ServerError { status: 500 },
        FaultKind::Throttled,
        FaultKind::BadToken,
    ] {
        scene.fails(on_api(kind));
        store.identify().await.ok();
    }
    let gone = CataloguePlan {
        scope: Scope::Full,
        resume: Some(calibr_connectors::Checkpoint(
            serde_json::json!({ "kind": "report", "id": "1", "offset": 0, "listings": 0 }),
        )),
    };
    pull(store, gone).await;
    let standing = Standing {
        participates: true,
        suspended: false,
        authorised: false,
    };
    scene.amazon().set_standing(SELLER, standing).unwrap();
    store.identify().await.unwrap_err();
}

#[tokio::test]
async fn requests_and_answers_are_those_of_the_models() {
    let Some(models) = Models::read() else {
        eprintln!("Amazon's models are not there (AMAZON_MODELS_DIR): nothing was compared");
        return;
    };
    let recorder = Recorder::start(
        app(),
        SellerSettings {
            listings: 120,
            orders: 120,
            oddities: true,
            ..usual()
        },
    )
    .await;
    let scene = recorder.scene();
    let store = scene.store();
    live(&scene, &store).await;
    suffer(&scene, &store).await;
    let mut seen = BTreeSet::new();
    let exchanges = recorder.exchanges();
    assert!(exchanges.len() > 25, "{}", exchanges.len());
    for exchange in &exchanges {
        seen.insert(models.check(exchange));
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(
        seen,
        [
            "createFeed",
            "createFeedDocument",
            "createReport",
            "getCompetitiveSummary",
            "getFeed",
            "getFeedDocument",
            "getListingsItem",
            "getMarketplaceParticipations",
            "getReport",
            "getReportDocument",
            "patchListingsItem",
            "searchListingsItems",
            "searchOrders",
        ]
    );
}
