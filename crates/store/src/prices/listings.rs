//! The listings that prices are wanted for.

use calibr_model::{IntegrationId, ListingId, PricePushId, ProductId};
use sqlx::FromRow;
use uuid::Uuid;

use super::PricedListing;
use crate::{
    db::TenantTx,
    error::StoreError,
    products::Search,
    rows::{column, search_key, word},
};

/// A price that a push had taken.
#[derive(Debug, Clone)]
pub struct RevertedPrice {
    /// Its number within that push.
    pub ordinal: i64,
    /// How that push named the listing.
    pub reference: String,
    /// What it cost before that push, in minor units.
    pub before_minor: Option<i64>,
    /// The struck-through price before it.
    pub before_compare_minor: Option<i64>,
    /// What that push made it cost.
    pub pushed_minor: i64,
    /// The listing as it is now.
    pub listing: PricedListing,
}

#[derive(FromRow)]
struct ListingRow {
    asked: i64,
    id: Uuid,
    integration_id: Uuid,
    sku: Option<String>,
    state: String,
    currency: Option<String>,
    price_minor: Option<i64>,
    compare_at_minor: Option<i64>,
}

impl ListingRow {
    fn into_listing(self) -> Result<(usize, PricedListing), StoreError> {
        let listing = PricedListing {
            id: self.id.into(),
            integration: self.integration_id.into(),
            sku: self.sku,
            state: word("listing state", &self.state)?,
            currency: self
                .currency
                .map(|code| word("currency", &code))
                .transpose()?,
            price_minor: self.price_minor,
            compare_at_minor: self.compare_at_minor,
        };
        let asked = usize::try_from(self.asked)
            .map_err(|error| StoreError::corrupt("position of a listing", error))?;
        Ok((asked, listing))
    }
}

/// How listings are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// Calibr's id.
    Id,
    /// The stock keeping unit at the store, to the letter.
    Sku,
    /// The platform's id of the variant.
    ExternalId,
}

/// `asked` is the position of the name, from 0.
macro_rules! named {
    ($lateral:literal) => {
        concat!(
            "SELECT wanted.position - 1 AS asked, l.id, l.integration_id, l.sku, l.state,
                    coalesce(l.currency, i.currency) AS currency, l.price_minor,
                    l.compare_at_minor
             FROM UNNEST($3::text[], $4::text[]) WITH ORDINALITY AS wanted (name, key, position)
             CROSS JOIN LATERAL (",
            $lateral,
            " OFFSET 0) l
             JOIN integrations i ON i.project_id = $1 AND i.id = l.integration_id
             WHERE $2::uuid IS NULL OR l.integration_id = $2
             ORDER BY wanted.position, l.id"
        )
    };
}

const BY_ID: &str =
    named!("SELECT l.* FROM listings l WHERE l.project_id = $1 AND l.id = wanted.key::uuid");
const BY_SKU: &str = named!(
    "SELECT l.* FROM variants v
     JOIN listings l ON l.project_id = $1 AND l.variant_id = v.id
     WHERE v.project_id = $1 AND v.sku_key = wanted.key AND l.sku = wanted.name"
);
const BY_EXTERNAL_ID: &str = named!(
    "SELECT l.* FROM integrations n
     JOIN listings l ON l.project_id = $1 AND l.integration_id = n.id
                    AND l.external_id = wanted.name
     WHERE n.project_id = $1"
);

impl NamedBy {
    const fn statement(self) -> &'static str {
        match self {
            Self::Id => BY_ID,
            Self::Sku => BY_SKU,
            Self::ExternalId => BY_EXTERNAL_ID,
        }
    }

    /// What a name is looked up by.
    fn key(self, name: &str) -> String {
        match self {
            Self::Id => name.parse().unwrap_or_else(|_| Uuid::nil()).to_string(),
            Self::Sku => search_key(name),
            Self::ExternalId => String::new(),
        }
    }
}

/// Which listings a shift of prices is for.
#[derive(Debug, Clone, Default)]
pub struct ShiftedListings {
    /// Only of this integration.
    pub integration: Option<IntegrationId>,
    /// Only of this product.
    pub product: Option<ProductId>,
    /// Only of products with these words in title, vendor or SKU.
    pub search: String,
}

impl TenantTx {
    /// The listings that names are of, each with the position of its name, from
    /// 0: none, one, or several where several stores list one SKU. With
    /// `integration`, only of that one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listings_named(
        &mut self,
        by: NamedBy,
        names: &[&str],
        integration: Option<IntegrationId>,
    ) -> Result<Vec<(usize, PricedListing)>, StoreError> {
        let project = self.project().0;
        let rows: Vec<ListingRow> = sqlx::query_as(by.statement())
            .persistent(false)
            .bind(project)
            .bind(integration.map(|id| id.0))
            .bind(names)
            .bind(column(names, |name| by.key(name)))
            .fetch_all(self.conn())
            .await?;
        rows.into_iter().map(ListingRow::into_listing).collect()
    }

    /// Listings that are on sale and have a price, by id, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listings_to_shift(
        &mut self,
        which: &ShiftedListings,
        after: Option<ListingId>,
        limit: u32,
    ) -> Result<Vec<PricedListing>, StoreError> {
        let project = self.project().0;
        let search = Search::of(&which.search);
        let rows: Vec<ListingRow> = sqlx::query_as(
            "SELECT 0::bigint AS asked, l.id, l.integration_id, l.sku, l.state, l.currency,
                    l.price_minor, l.compare_at_minor
             FROM listings l
             WHERE l.project_id = $1 AND l.id > $2 AND l.state <> 'gone'
               AND l.price_minor IS NOT NULL
               AND ($3::uuid IS NULL OR l.integration_id = $3)
               AND ($4::uuid IS NULL OR l.product_id = $4)
               AND ($5::text[] IS NULL
                    OR l.product_id IN (SELECT calibr_search_products($5, $6)))
               AND EXISTS (SELECT FROM integrations i
                           WHERE i.project_id = $1 AND i.id = l.integration_id
                             AND i.status <> 'disconnected')
             ORDER BY l.id LIMIT $7",
        )
        .persistent(false)
        .bind(project)
        .bind(after.map_or(Uuid::nil(), |id| id.0))
        .bind(which.integration.map(|id| id.0))
        .bind(which.product.map(|id| id.0))
        .bind(search.as_ref().map(|search| search.patterns.clone()))
        .bind(search.map(|search| search.sku_prefix))
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| row.into_listing().map(|(_, listing)| listing))
            .collect()
    }

    /// Prices that a push had taken by the stores, as a new push takes them back:
    /// each listing with what it cost before and what it has cost since. By
    /// ordinal, after `after`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn prices_to_revert(
        &mut self,
        push: PricePushId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RevertedPrice>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            ordinal: i64,
            reference: String,
            old_minor: Option<i64>,
            old_compare_minor: Option<i64>,
            new_minor: i64,
            #[sqlx(flatten)]
            listing: ListingRow,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT n.ordinal, n.reference, n.old_minor, n.old_compare_minor, n.new_minor,
                    0::bigint AS asked, l.id, l.integration_id, l.sku, l.state, l.currency,
                    l.price_minor, l.compare_at_minor
             FROM price_push_items n
             JOIN listings l ON l.project_id = $1 AND l.id = n.listing_id
             WHERE n.project_id = $1 AND n.push_id = $2 AND n.ordinal > $3
               AND n.status IN ('accepted', 'observed')
             ORDER BY n.ordinal LIMIT $4",
        )
        .bind(project)
        .bind(push.0)
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(RevertedPrice {
                    ordinal: row.ordinal,
                    reference: row.reference,
                    before_minor: row.old_minor,
                    before_compare_minor: row.old_compare_minor,
                    pushed_minor: row.new_minor,
                    listing: row.listing.into_listing()?.1,
                })
            })
            .collect()
    }
}
