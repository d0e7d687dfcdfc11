//! Setting prices and reading them back.

use std::collections::BTreeSet;

use calibr_connectors::{
    Fault, Scope,
    prices::{CompareAt, ListingRef, PriceChange, PushMode},
};
use calibr_model::{Money, Sources};
use calibr_testkit::vendure::VendureOptions;

use crate::harness::{
    Shop, change, create_channel, credentials, listing, observed, offer_in_channel, pull, push,
    variants,
};

#[tokio::test]
async fn prices_arrive_and_what_cannot_go_out_keeps_no_other_from_it() {
    let shop = Shop::open_with(VendureOptions {
        list_limit: Some(30),
        ..VendureOptions::default()
    })
    .await;
    let admin = shop.admin().await;
    let store = shop.store();
    let all: Vec<ListingRef> = variants(&pull(&store, Scope::Full, None).await.unwrap())
        .iter()
        .map(listing)
        .collect();
    let before = observed(&store, &all).await;
    let since = Sources::system().now();

    admin.delete_variant(&all[2].external_id).await.unwrap();
    let never = ListingRef {
        external_id: "4711".to_owned(),
        ..all[0].clone()
    };
    let mut cleared = change(&all[4], "0.01", "USD");
    cleared.compare_at = CompareAt::Clear;
    let mut struck = change(&all[5], "5.00", "USD");
    struck.compare_at = CompareAt::Set(change(&all[5], "9.00", "USD").price);
    let changes = [
        change(&all[0], "12.34", "USD"),
        change(&all[1], "0", "USD"),
        change(&all[2], "5.00", "USD"),
        change(&never, "5.00", "USD"),
        // More than Vendure's column has room for, which only Vendure knows.
        change(&all[3], "21474836.48", "USD"),
        cleared,
        struck,
        change(&all[6], "5.00", "EUR"),
        change(&all[7], "-5.00", "USD"),
        change(&all[40], "21474836.47", "USD"),
    ];
    assert_eq!(
        push(&store, &changes).await,
        [
            "ok",
            "price_not_positive",
            "listing_missing",
            "listing_missing",
            "request_refused",
            "ok",
            "compare_at_unsupported",
            "currency_differs",
            "price_not_positive",
            "ok",
        ]
    );

    let mut expected = before;
    expected[0] = "12.34".to_owned();
    expected[2] = "gone".to_owned();
    expected[4] = "0.01".to_owned();
    expected[40] = "21474836.47".to_owned();
    assert_eq!(observed(&store, &all).await, expected);
    assert_eq!(
        admin.prices(&all[0].external_id).await.unwrap()["USD"],
        1_234
    );
    let imported = pull(&store, Scope::Since(since), None).await.unwrap();
    let imported: Vec<_> = variants(&imported)
        .into_iter()
        .map(|variant| (variant.external_id, variant.price.unwrap().to_decimal()))
        .collect();
    let repriced = [0, 4, 40].map(|place: usize| {
        let price = expected[place].clone();
        (all[place].external_id.clone(), price)
    });
    assert_eq!(imported, repriced, "as the next import has it");
    shop.close().await;
}

#[tokio::test]
async fn a_channel_has_prices_of_its_own_with_its_tax_and_currency() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    create_channel(&admin, "yen-shop", "y3n", "JPY").await;
    let created = admin.create_product("Fan", "FAN-1", 2_500).await.unwrap();
    offer_in_channel(&admin, &created.product_id, "yen-shop").await;
    let channel = shop.channel("y3n");
    let fan = ListingRef {
        external_id: created.variant_id.clone(),
        product_external_id: created.product_id,
        sku: None,
    };
    let elsewhere = ListingRef {
        external_id: "1".to_owned(),
        ..fan.clone()
    };

    let changes = [
        change(&fan, "1200", "JPY"),
        change(&elsewhere, "1200", "JPY"),
    ];
    assert_eq!(push(&channel, &changes).await, ["ok", "listing_missing"]);
    assert_eq!(
        observed(&channel, &[fan.clone(), elsewhere]).await,
        ["1200", "gone"]
    );
    let imported = variants(&pull(&channel, Scope::Full, None).await.unwrap());
    assert_eq!(imported[0].price.unwrap().to_decimal(), "1200");
    assert_eq!(observed(&shop.store(), &[fan]).await, ["25.00"]);
    shop.close().await;
}

/// Amounts that must never reach a server: not above zero, of other money, or
/// beyond what it keeps exactly.
fn bad_amounts() -> Vec<Money> {
    let of = |code: &str, minor| Money::new(minor, code.parse().unwrap());
    let below = [0, -1, -2, -99, -100, -300, -12_345, i64::MIN, i64::MIN + 1];
    let mut bad: Vec<_> = below.map(|minor| of("USD", minor)).into();
    for code in ["EUR", "GBP", "JPY", "KWD", "CHF", "PLN"] {
        bad.extend([1, 100, 1_000, i64::MAX, 0, -1, i64::MIN].map(|minor| of(code, minor)));
    }
    bad.push(of("USD", i64::MAX));
    bad
}

#[tokio::test]
async fn no_senseless_price_reaches_a_server() {
    let shop = Shop::open().await;
    let store = shop.store();
    let all: Vec<ListingRef> = variants(&pull(&store, Scope::Full, None).await.unwrap())
        .iter()
        .map(listing)
        .collect();
    let before = observed(&store, &all).await;
    let since = Sources::system().now();
    let bad = bad_amounts();
    assert!(bad.len() >= 50, "{}", bad.len());
    let good = change(&all[0], "12.34", "USD");
    let mut codes = BTreeSet::new();
    for money in bad {
        let changes = [
            PriceChange {
                price: money,
                ..good.clone()
            },
            PriceChange {
                compare_at: CompareAt::Set(money),
                ..good.clone()
            },
        ];
        codes.extend(push(&store, &changes).await);
    }
    let codes: Vec<&str> = codes.into_iter().collect();
    assert_eq!(
        codes,
        [
            "compare_at_unsupported",
            "currency_differs",
            "price_not_positive",
            "price_too_fine"
        ]
    );
    assert_eq!(observed(&store, &all).await, before);
    let written = pull(&store, Scope::Since(since), None).await.unwrap();
    assert_eq!(variants(&written).len(), 0, "not one was written");
    shop.close().await;
}

#[tokio::test]
async fn a_push_that_cannot_be_is_refused_as_a_whole() {
    let shop = Shop::open().await;
    let admin = shop.admin().await;
    let any = ListingRef {
        external_id: "1".to_owned(),
        product_external_id: "1".to_owned(),
        sku: None,
    };
    let one = [change(&any, "1.00", "USD")];
    let store = shop.store();
    let prices = store.prices().unwrap();

    let tried = prices.push(&one, PushMode::DryRun).await.unwrap_err();
    assert_eq!(tried.fault, Fault::Refused);
    insta::assert_snapshot!(tried, @"Vendure cannot try a price without setting it.");
    let many = vec![one[0].clone(); prices.batch_size() + 1];
    let too_many = prices.push(&many, PushMode::Apply).await.unwrap_err();
    assert_eq!(too_many.fault, Fault::Refused);

    // Somebody who may look but not touch.
    let (username, password) = ("looker@shop.example", "l00ker-l00ker");
    admin
        .create_administrator(username, password, &["ReadCatalog"])
        .await
        .unwrap();
    let looker = shop.store_by(credentials([
        ("username", username),
        ("password", password),
    ]));
    let notice = looker.identify().await.unwrap().notice.unwrap();
    insta::assert_snapshot!(notice, @"This account may not change prices: give its role the permission UpdateCatalog (or UpdateProduct). This account may not read orders: give its role the permission ReadOrder.");
    let denied = looker.prices().unwrap().push(&one, PushMode::Apply).await;
    let denied = denied.unwrap_err();
    assert_eq!(denied.fault, Fault::MissingScope);
    assert!(denied.message.contains("UpdateCatalog"), "{denied}");
    assert_ne!(observed(&store, &[any]).await, ["1.00"]);
    shop.close().await;
}
