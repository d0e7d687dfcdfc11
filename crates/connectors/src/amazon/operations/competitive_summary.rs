//! What others ask for the same products, twenty at a time.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Operation, Place, decimal};
use crate::{
    amazon::rates::{COMPETITIVE_SUMMARY, Limit},
    error::ConnectorError,
    transport::{Answer, Request},
};

/// Amazon takes no more at once.
pub(in crate::amazon) const BATCH: usize = 20;
const SINGLE: &str = "/products/pricing/2022-05-01/items/competitiveSummary";

/// Asks for the featured and the lowest offers of some products (ASINs), at
/// most [`BATCH`].
pub(in crate::amazon) struct CompetitiveSummary<'a> {
    pub(in crate::amazon) asins: &'a [&'a str],
}

/// The offers for one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) struct ItemOffers {
    pub(in crate::amazon) asin: String,
    /// Featured ones first; an offer may come twice.
    pub(in crate::amazon) offers: Vec<RawOffer>,
}

/// An offer as Amazon writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) struct RawOffer {
    pub(in crate::amazon) seller: String,
    pub(in crate::amazon) price: Amount,
    pub(in crate::amazon) shipping: Option<Amount>,
    pub(in crate::amazon) featured: bool,
}

/// A decimal and a currency, not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::amazon) struct Amount {
    pub(in crate::amazon) decimal: String,
    pub(in crate::amazon) currency: String,
}

#[derive(Deserialize)]
struct Body {
    responses: Vec<Single>,
}

#[derive(Deserialize)]
struct Single {
    status: Status,
    body: Summary,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    status_code: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    asin: String,
    #[serde(default)]
    featured_buying_options: Vec<BuyingOption>,
    #[serde(default)]
    lowest_priced_offers: Vec<Lowest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuyingOption {
    segmented_featured_offers: Vec<Offer>,
}

#[derive(Deserialize)]
struct Lowest {
    offers: Vec<Offer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    seller_id: String,
    listing_price: RawMoney,
    #[serde(default)]
    shipping_options: Vec<Shipping>,
}

#[derive(Deserialize)]
struct Shipping {
    price: RawMoney,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMoney {
    #[serde(default)]
    amount: Value,
    #[serde(default)]
    currency_code: String,
}

impl RawMoney {
    fn amount(self) -> Option<Amount> {
        Some(Amount {
            decimal: decimal(&self.amount)?,
            currency: self.currency_code,
        })
    }
}

impl Offer {
    fn read(self, featured: bool) -> Option<RawOffer> {
        Some(RawOffer {
            seller: self.seller_id,
            price: self.listing_price.amount()?,
            shipping: self
                .shipping_options
                .into_iter()
                .next()
                .and_then(|option| option.price.amount()),
            featured,
        })
    }
}

impl Operation for CompetitiveSummary<'_> {
    const LIMIT: Limit = COMPETITIVE_SUMMARY;
    type Data = Vec<ItemOffers>;

    fn request(&self, place: &Place<'_>) -> Result<Request, ConnectorError> {
        let url = place.at([
            "batches",
            "products",
            "pricing",
            "2022-05-01",
            "items",
            "competitiveSummary",
        ])?;
        let requests = self.asins.iter().map(|asin| {
            json!({
                "asin": asin,
                "marketplaceId": place.marketplace,
                "includedData": ["featuredBuyingOptions", "lowestPricedOffers"],
                "lowestPricedOffersInputs": [
                    { "itemCondition": "New", "offerType": "Consumer" }
                ],
                "uri": SINGLE,
                "method": "GET",
            })
        });
        let body = json!({ "requests": requests.collect::<Vec<_>>() });
        Ok(Request::post_json(url, &body))
    }

    fn parse(&self, answer: &Answer) -> Result<Vec<ItemOffers>, ConnectorError> {
        let body: Body = answer.json()?;
        let read = |single: Single| {
            let featured = single
                .body
                .featured_buying_options
                .into_iter()
                .flat_map(|option| option.segmented_featured_offers)
                .filter_map(|offer| offer.read(true));
            let lowest = single
                .body
                .lowest_priced_offers
                .into_iter()
                .flat_map(|lowest| lowest.offers)
                .filter_map(|offer| offer.read(false));
            ItemOffers {
                asin: single.body.asin,
                offers: featured.chain(lowest).collect(),
            }
        };
        Ok(body
            .responses
            .into_iter()
            .filter(|single| {
                let good = single.status.status_code == 200;
                if !good {
                    tracing::debug!(
                        asin = single.body.asin,
                        status = single.status.status_code,
                        "Amazon gave no offers for a product"
                    );
                }
                good
            })
            .map(read)
            .collect())
    }
}
