//! What is shown of the catalogue.

use calibr_model::{
    Cursor, IntegrationId, Money, Page, PageRequest, ProductId,
    views::{ListingView, ProductQuery, ProductRow, ProductSort},
};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{
    db::TenantTx,
    error::StoreError,
    rows::{money, page_of, search_key, word},
};

#[derive(FromRow)]
struct Row {
    id: uuid::Uuid,
    title: String,
    title_key: String,
    vendor: Option<String>,
    image_url: Option<String>,
    state: String,
    updated_at: DateTime<Utc>,
    variant_count: i64,
    currency: Option<String>,
    price_from: Option<i64>,
    price_to: Option<i64>,
    currencies: i64,
    stock: Option<i64>,
    integrations: Vec<uuid::Uuid>,
}

/// A page of products with what their listings sum up to. The page is cut first
/// (by index), then summed up: the cost does not grow with the catalogue.
macro_rules! products {
    ($where:literal, $order:literal) => {
        concat!(
            "WITH page AS (
                 SELECT p.id, p.title, p.title_key, p.vendor, p.image_url, p.state, p.updated_at
                 FROM products p
                 WHERE p.project_id = $1
                   AND ($2::text[] IS NULL
                        OR p.id IN (SELECT calibr_search_products($2, $3)))
                   AND ($4::uuid IS NULL
                        OR EXISTS (SELECT FROM product_links k
                                   WHERE k.project_id = p.project_id AND k.product_id = p.id
                                     AND k.integration_id = $4 AND k.state <> 'gone'))
                   AND ($5::text IS NULL OR p.state = $5) ",
            $where,
            " ORDER BY ",
            $order,
            " LIMIT $6
             ),
             offered AS (
                 SELECT l.product_id, l.currency, count(DISTINCT l.integration_id) AS stores,
                        min(l.price_minor) AS price_from, max(l.price_minor) AS price_to
                 FROM listings l
                 WHERE l.project_id = $1 AND l.product_id IN (SELECT id FROM page)
                   AND l.state <> 'gone' AND l.price_minor IS NOT NULL
                 GROUP BY l.product_id, l.currency
             )
             SELECT p.id, p.title, p.title_key, p.vendor, p.image_url, p.state, p.updated_at,
                    coalesce(v.variant_count, 0) AS variant_count,
                    o.currency, o.price_from, o.price_to, coalesce(o.currencies, 0) AS currencies,
                    s.stock, coalesce(s.integrations, '{}') AS integrations
             FROM page p
             LEFT JOIN LATERAL (
                 SELECT count(*) AS variant_count FROM variants v
                 WHERE v.project_id = $1 AND v.product_id = p.id
             ) v ON true
             LEFT JOIN LATERAL (
                 SELECT o.currency, o.price_from, o.price_to, count(*) OVER () AS currencies
                 FROM offered o WHERE o.product_id = p.id
                 ORDER BY o.stores DESC, o.currency LIMIT 1
             ) o ON true
             LEFT JOIN LATERAL (
                 SELECT sum(l.stock)::bigint AS stock,
                        array_agg(DISTINCT l.integration_id) AS integrations
                 FROM listings l
                 WHERE l.project_id = $1 AND l.product_id = p.id AND l.state <> 'gone'
             ) s ON true
             ORDER BY ",
            $order
        )
    };
}

const BY_TITLE: &str = products!("", "p.title_key, p.id");
const BY_TITLE_AFTER: &str = products!("AND (p.title_key, p.id) > ($7, $8)", "p.title_key, p.id");
const BY_UPDATE: &str = products!("", "p.updated_at DESC, p.id DESC");
const BY_UPDATE_AFTER: &str = products!(
    "AND (p.updated_at, p.id) < ($7, $8)",
    "p.updated_at DESC, p.id DESC"
);

impl TenantTx {
    /// A page of the project's products.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn products(
        &mut self,
        query: &ProductQuery,
        page: &PageRequest,
    ) -> Result<Page<ProductRow>, StoreError> {
        let sort = query.sort.unwrap_or(ProductSort::Title);
        let (statement, after): (_, Option<(After, uuid::Uuid)>) = match sort {
            ProductSort::Title => match page.after::<(String, _)>()? {
                None => (BY_TITLE, None),
                Some((title, id)) => (BY_TITLE_AFTER, Some((After::Title(title), id))),
            },
            ProductSort::Updated => match page.after::<(DateTime<Utc>, _)>()? {
                None => (BY_UPDATE, None),
                Some((moment, id)) => (BY_UPDATE_AFTER, Some((After::Moment(moment), id))),
            },
        };
        let search = Search::of(&query.search);
        let statement = sqlx::query_as(statement)
            // Planned each time: the best plan hangs on which filters are set.
            .persistent(false)
            .bind(self.project().0)
            .bind(search.as_ref().map(|search| search.patterns.clone()))
            .bind(search.map(|search| search.sku_prefix))
            .bind(query.integration.map(|id| id.0))
            .bind(query.state.map(|state| state.as_str()))
            .bind(i64::from(page.limit()) + 1);
        let statement = match after {
            None => statement,
            Some((After::Title(title), id)) => statement.bind(title).bind(id),
            Some((After::Moment(moment), id)) => statement.bind(moment).bind(id),
        };
        let rows: Vec<Row> = statement.fetch_all(self.conn()).await?;
        let cursor_of = |row: &Row| match sort {
            ProductSort::Title => Cursor::encode(&(&row.title_key, row.id)),
            ProductSort::Updated => Cursor::encode(&(row.updated_at, row.id)),
        };
        page_of(rows, page, cursor_of, Row::into_view)
    }

    /// A product's title, where the project has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn product_title(&mut self, id: ProductId) -> Result<Option<String>, StoreError> {
        let project = self.project().0;
        Ok(
            sqlx::query_scalar("SELECT title FROM products WHERE project_id = $1 AND id = $2")
                .bind(project)
                .bind(id.0)
                .fetch_optional(self.conn())
                .await?,
        )
    }

    /// Listings by id: of one product, of one integration, or all.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::BadCursor`].
    pub async fn listings(
        &mut self,
        product: Option<ProductId>,
        integration: Option<IntegrationId>,
        page: &PageRequest,
    ) -> Result<Page<ListingView>, StoreError> {
        let project = self.project().0;
        let after = page.after()?.unwrap_or(uuid::Uuid::nil());
        let rows: Vec<ListingRow> = sqlx::query_as(
            "SELECT l.id, l.variant_id, l.product_id, l.integration_id, i.name AS integration_name,
                    i.platform, l.external_id, k.title AS product_title, l.title AS variant_title,
                    l.sku, l.price_minor, l.compare_at_minor, l.currency, l.stock, l.state,
                    l.external_updated_at, l.updated_at
             FROM listings l
             JOIN integrations i ON i.project_id = l.project_id AND i.id = l.integration_id
             LEFT JOIN product_links k
                 ON k.project_id = l.project_id AND k.integration_id = l.integration_id
                    AND k.external_id = l.external_product_id
             WHERE l.project_id = $1
               AND ($2::uuid IS NULL OR l.product_id = $2)
               AND ($3::uuid IS NULL OR l.integration_id = $3)
               AND l.id > $4
             ORDER BY l.id LIMIT $5",
        )
        .persistent(false)
        .bind(project)
        .bind(product.map(|id| id.0))
        .bind(integration.map(|id| id.0))
        .bind(after)
        .bind(i64::from(page.limit()) + 1)
        .fetch_all(self.conn())
        .await?;
        page_of(
            rows,
            page,
            |listing| Cursor::encode(&listing.id),
            ListingRow::into_view,
        )
    }
}

/// The sort key of the row that a page begins after; the id decides among rows
/// that share it.
enum After {
    Title(String),
    Moment(DateTime<Utc>),
}

impl Row {
    fn into_view(self) -> Result<ProductRow, StoreError> {
        let price = |amount| -> Result<Option<Money>, StoreError> {
            money(amount, self.currency.as_deref())
        };
        Ok(ProductRow {
            id: self.id.into(),
            price_from: price(self.price_from)?,
            price_to: price(self.price_to)?,
            title: self.title,
            vendor: self.vendor,
            image_url: self.image_url,
            state: word("product state", &self.state)?,
            variant_count: self.variant_count,
            more_currencies: self.currencies > 1,
            stock: self.stock,
            integrations: self.integrations.into_iter().map(IntegrationId).collect(),
            updated_at: self.updated_at,
        })
    }
}

#[derive(FromRow)]
struct ListingRow {
    id: uuid::Uuid,
    variant_id: uuid::Uuid,
    product_id: uuid::Uuid,
    integration_id: uuid::Uuid,
    integration_name: String,
    platform: String,
    external_id: String,
    product_title: Option<String>,
    variant_title: String,
    sku: Option<String>,
    price_minor: Option<i64>,
    compare_at_minor: Option<i64>,
    currency: Option<String>,
    stock: Option<i64>,
    state: String,
    external_updated_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl ListingRow {
    fn into_view(self) -> Result<ListingView, StoreError> {
        let currency = self.currency.as_deref();
        Ok(ListingView {
            id: self.id.into(),
            variant_id: self.variant_id.into(),
            product_id: self.product_id.into(),
            integration_id: self.integration_id.into(),
            integration_name: self.integration_name,
            platform: word("platform", &self.platform)?,
            external_id: self.external_id,
            product_title: self.product_title.unwrap_or_default(),
            variant_title: self.variant_title,
            price: money(self.price_minor, currency)?,
            compare_at: money(self.compare_at_minor, currency)?,
            sku: self.sku,
            stock: self.stock,
            state: word("listing state", &self.state)?,
            external_updated_at: self.external_updated_at,
            synced_at: self.updated_at,
        })
    }
}

/// What the search looks for.
pub(crate) struct Search {
    /// A LIKE pattern for each word, over [`search_key`]s; the longest first.
    pub(crate) patterns: Vec<String>,
    /// How a SKU's [`search_key`] begins.
    pub(crate) sku_prefix: String,
}

impl Search {
    pub(crate) fn of(typed: &str) -> Option<Self> {
        let wanted = search_key(typed.trim());
        let mut words: Vec<&str> = wanted.split_whitespace().collect();
        if words.is_empty() {
            return None;
        }
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        Some(Self {
            patterns: words
                .into_iter()
                .map(|word| format!("%{}%", literal(word)))
                .collect(),
            sku_prefix: wanted,
        })
    }
}

/// Takes the meaning from LIKE's own signs.
fn literal(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
