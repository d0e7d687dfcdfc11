//! What others ask for the same products.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use calibr_model::Money;
use chrono::{DateTime, Utc};

use super::{
    operations::{CompetitiveSummary, ItemOffers, PRODUCTS_AT_ONCE},
    record::asin_of,
    store::AmazonStore,
};
use crate::{
    competitors::{CompetitorOffer, CompetitorSource},
    error::ConnectorError,
    prices::ListingRef,
    transport::retry::Patience,
};

#[async_trait]
impl CompetitorSource for AmazonStore {
    fn batch_size(&self) -> usize {
        PRODUCTS_AT_ONCE
    }

    async fn offers(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Vec<CompetitorOffer>>, ConnectorError> {
        let mut asked = HashSet::new();
        let asins: Vec<&str> = listings
            .iter()
            .filter_map(|listing| asin_of(&listing.product_external_id))
            .filter(|asin| asked.insert(*asin))
            .collect();
        let mut found: HashMap<String, Vec<CompetitorOffer>> = HashMap::new();
        for asins in asins.chunks(PRODUCTS_AT_ONCE) {
            let operation = CompetitiveSummary { asins };
            let items = self.api().call(&operation, Patience::RUN).await?;
            let now = self.api().transport.sources().now();
            for item in items {
                let offers = offers(&item, &self.api().seller, now);
                found.insert(item.asin, offers);
            }
        }
        let offers = listings
            .iter()
            .map(|listing| asin_of(&listing.product_external_id))
            .map(|asin| asin.and_then(|asin| found.get(asin)).cloned());
        Ok(offers.map(Option::unwrap_or_default).collect())
    }
}

/// The offers of others, each seller's lowest once.
fn offers(item: &ItemOffers, own: &str, now: DateTime<Utc>) -> Vec<CompetitorOffer> {
    let mut offers: Vec<CompetitorOffer> = Vec::new();
    for raw in item.offers.iter().filter(|raw| raw.seller != own) {
        let money = |decimal: &str, currency: &str| {
            let currency = currency.parse().ok()?;
            Money::parse_decimal(decimal, currency)
                .ok()
                .filter(|money| money.amount_minor >= 0)
        };
        let Some(price) =
            money(&raw.price.decimal, &raw.price.currency).filter(|price| price.amount_minor > 0)
        else {
            continue;
        };
        let shipping = raw
            .shipping
            .as_ref()
            .and_then(|shipping| money(&shipping.decimal, &shipping.currency));
        match offers.iter_mut().find(|known| known.seller == raw.seller) {
            Some(known) => {
                known.featured |= raw.featured;
                if price.currency == known.price.currency
                    && price.amount_minor < known.price.amount_minor
                {
                    (known.price, known.shipping) = (price, shipping);
                }
            }
            None => offers.push(CompetitorOffer {
                seller: raw.seller.clone(),
                price,
                shipping,
                featured: raw.featured,
                observed_at: now,
            }),
        }
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amazon::operations::tests::parsed;

    #[test]
    fn each_seller_but_the_own_comes_once() {
        let body = r#"{"responses":[
          {"status":{"statusCode":200},"body":{"asin":"B01","marketplaceId":"M",
            "featuredBuyingOptions":[{"buyingOptionType":"New","segmentedFeaturedOffers":[
              {"sellerId":"OTHER","condition":"New","fulfillmentType":"MFN","featuredOfferSegments":[],
               "listingPrice":{"amount":18.11,"currencyCode":"EUR"},
               "shippingOptions":[{"shippingOptionType":"DEFAULT","price":{"amount":2.5,"currencyCode":"EUR"}}]}]}],
            "lowestPricedOffers":[{"lowestPricedOffersInput":{},"offers":[
              {"sellerId":"OTHER","listingPrice":{"amount":18.11,"currencyCode":"EUR"}},
              {"sellerId":"OWN","listingPrice":{"amount":17,"currencyCode":"EUR"}},
              {"sellerId":"ODD","listingPrice":{"currencyCode":"EUR"}},
              {"sellerId":"THIRD","listingPrice":{"amount":19,"currencyCode":"EUR"}}]}]}},
          {"status":{"statusCode":400,"reasonPhrase":"no"},"body":{"asin":"B02","marketplaceId":"M"}}]}"#;
        let items = parsed(&CompetitiveSummary { asins: &[] }, body).unwrap();
        assert_eq!(items.len(), 1);
        let offers = offers(&items[0], "OWN", DateTime::UNIX_EPOCH);
        let short: Vec<_> = offers
            .iter()
            .map(|offer| {
                let shipping = offer.shipping.map(|shipping| shipping.amount_minor);
                (
                    offer.seller.as_str(),
                    offer.price.amount_minor,
                    shipping,
                    offer.featured,
                )
            })
            .collect();
        assert_eq!(
            short,
            [
                ("OTHER", 1811, Some(250), true),
                ("THIRD", 1900, None, false)
            ]
        );
    }
}
