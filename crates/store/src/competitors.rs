//! What others ask for the products of listings.

use calibr_model::{IntegrationId, ListingId, Money, views::CompetitorOfferView};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column, word},
};

/// A listing whose competitors are to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct WatchedListing {
    /// Its id.
    pub id: Uuid,
    /// The platform's id of the variant.
    pub external_id: String,
    /// The platform's id of its product.
    pub external_product_id: String,
    /// The stock keeping unit.
    pub sku: Option<String>,
}

/// An offer for a listing's product, as it was just seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOffer {
    /// The listing it competes with.
    pub listing: Uuid,
    /// Who offers, as the platform names them.
    pub seller: String,
    /// What they ask, shipping left out.
    pub price: Money,
    /// What shipping adds, in the same currency.
    pub shipping_minor: Option<i64>,
    /// Whether it is the one that the platform puts first.
    pub featured: bool,
}

impl TenantTx {
    /// Listings on sale whose competitors were not looked at since `before` (UTC):
    /// those never looked at first, then the longest ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn listings_to_watch(
        &mut self,
        integration: IntegrationId,
        before: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<WatchedListing>, StoreError> {
        let project = self.project().0;
        Ok(sqlx::query_as(
            "SELECT l.id, l.external_id, l.external_product_id, l.sku
             FROM listings l
             LEFT JOIN competitor_looks k
                 ON k.project_id = l.project_id AND k.listing_id = l.id
             WHERE l.project_id = $1 AND l.integration_id = $2 AND l.state = 'active'
               AND (k.looked_at IS NULL OR k.looked_at < $3)
             ORDER BY k.looked_at NULLS FIRST, l.id LIMIT $4",
        )
        .persistent(false)
        .bind(project)
        .bind(integration.0)
        .bind(before)
        .bind(as_i64(limit))
        .fetch_all(self.conn())
        .await?)
    }

    /// Keeps what was seen of the listings that were `looked` at: an offer that is
    /// the same goes on, one that changed or went is closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_offers(
        &mut self,
        integration: IntegrationId,
        looked: &[Uuid],
        offers: &[SeenOffer],
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        // Each statement takes the project, the moment, and the offers' columns.
        let statements = [
            "UPDATE competitor_offers o SET seen_until = $2
             WHERE o.project_id = $1 AND o.listing_id = ANY ($9) AND o.seen_until IS NULL
               AND NOT EXISTS (
                   SELECT FROM UNNEST($3::uuid[], $4::text[], $5::bigint[], $6::bigint[],
                                      $7::text[], $8::boolean[])
                        AS r (listing_id, seller, price, shipping, currency, featured)
                   WHERE r.listing_id = o.listing_id AND r.seller = o.seller
                     AND (r.price, r.shipping, r.currency, r.featured) IS NOT DISTINCT FROM
                         (o.price_minor, o.shipping_minor, o.currency, o.featured))",
            "INSERT INTO competitor_offers (project_id, listing_id, seller, seen_from, price_minor,
                                            shipping_minor, currency, featured)
             SELECT DISTINCT ON (r.listing_id, r.seller)
                    $1, r.listing_id, r.seller, $2, r.price, r.shipping, r.currency, r.featured
             FROM UNNEST($3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
                         $8::boolean[])
                  AS r (listing_id, seller, price, shipping, currency, featured)
             WHERE r.listing_id = ANY ($9)
               AND NOT EXISTS (SELECT FROM competitor_offers o
                               WHERE o.project_id = $1 AND o.listing_id = r.listing_id
                                 AND o.seller = r.seller AND o.seen_until IS NULL)
             ON CONFLICT DO NOTHING",
        ];
        for statement in statements {
            sqlx::query(statement)
                .bind(project)
                .bind(now)
                .bind(column(offers, |offer| offer.listing))
                .bind(column(offers, |offer| offer.seller.as_str()))
                .bind(column(offers, |offer| offer.price.amount_minor))
                .bind(column(offers, |offer| offer.shipping_minor))
                .bind(column(offers, |offer| {
                    offer.price.currency.code().to_owned()
                }))
                .bind(column(offers, |offer| offer.featured))
                .bind(looked)
                .execute(self.conn())
                .await?;
        }
        sqlx::query(
            "INSERT INTO competitor_looks (project_id, integration_id, listing_id, looked_at)
             SELECT $1, $2, r.id, $3 FROM UNNEST($4::uuid[]) AS r (id)
             ON CONFLICT (project_id, listing_id) DO UPDATE SET looked_at = excluded.looked_at",
        )
        .bind(project)
        .bind(integration.0)
        .bind(now)
        .bind(looked)
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The offers that stand against a listing, the cheapest first, shipping
    /// counted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn competitor_offers(
        &mut self,
        listing: ListingId,
    ) -> Result<Vec<CompetitorOfferView>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            seller: String,
            price_minor: i64,
            shipping_minor: Option<i64>,
            currency: String,
            featured: bool,
            seen_from: DateTime<Utc>,
            looked_at: DateTime<Utc>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT o.seller, o.price_minor, o.shipping_minor, o.currency, o.featured,
                    o.seen_from, k.looked_at
             FROM competitor_offers o
             JOIN competitor_looks k ON k.project_id = $1 AND k.listing_id = o.listing_id
             WHERE o.project_id = $1 AND o.listing_id = $2 AND o.seen_until IS NULL
             ORDER BY o.price_minor + coalesce(o.shipping_minor, 0), o.seller",
        )
        .bind(project)
        .bind(listing.0)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                let currency = word("currency", &row.currency)?;
                Ok(CompetitorOfferView {
                    seller: row.seller,
                    price: Money::new(row.price_minor, currency),
                    shipping: row
                        .shipping_minor
                        .map(|amount| Money::new(amount, currency)),
                    featured: row.featured,
                    since: row.seen_from,
                    seen_at: row.looked_at,
                })
            })
            .collect()
    }
}
