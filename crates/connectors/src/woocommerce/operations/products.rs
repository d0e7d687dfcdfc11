//! Products and their variations, page by page.

use chrono::{DateTime, Utc};

use super::{Call, Operation, PER_PAGE, Page, Reply, Row};

/// Fields of a product that are read.
const PRODUCT: &str = "id,name,slug,type,status,sku,global_unique_id,regular_price,sale_price,\
    on_sale,manage_stock,stock_quantity,date_modified_gmt,images,brands,categories,variations";
/// Fields of a variation that are read.
const VARIATION: &str = "id,name,status,sku,global_unique_id,regular_price,sale_price,on_sale,\
    manage_stock,stock_quantity,date_modified_gmt,attributes";
/// Fields that tell a price.
const PRICES: &str = "id,type,regular_price,sale_price,on_sale,date_on_sale_from_gmt,\
    date_on_sale_to_gmt";

/// Asks for products, those not on sale included.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct Products {
    /// Only those changed at this moment or later. A variation that changes
    /// moves its product.
    pub(in crate::woocommerce) changed_since: Option<DateTime<Utc>>,
    /// How many rows to leave out first.
    pub(in crate::woocommerce) offset: u64,
}

impl Operation for Products {
    type Data = Page;

    fn call(&self) -> Call {
        Call::get("wc/v3/products")
            .page(self.offset)
            .changed_since(self.changed_since)
            .with("_fields", PRODUCT)
    }

    fn read(&self, reply: Reply) -> Option<Page> {
        Page::read(reply)
    }
}

/// Asks for the variations of a product.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct Variations {
    pub(in crate::woocommerce) product: u64,
    /// How many rows to leave out first.
    pub(in crate::woocommerce) offset: u64,
}

impl Operation for Variations {
    /// `None` where there is no such product.
    type Data = Option<Page>;

    fn call(&self) -> Call {
        Call::get(format!("wc/v3/products/{}/variations", self.product))
            .page(self.offset)
            .with("_fields", VARIATION)
    }

    fn read(&self, reply: Reply) -> Option<Self::Data> {
        Page::read(reply).map(Some)
    }

    fn missing(&self) -> Option<Self::Data> {
        Some(None)
    }
}

/// Asks for some products, or for some variations of one, those not on sale
/// included.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct ById {
    /// The product of the variations; `None` for products.
    pub(in crate::woocommerce) parent: Option<u64>,
    /// At most 100.
    pub(in crate::woocommerce) ids: Vec<u64>,
}

impl Operation for ById {
    /// Rows that are gone are not among them; none at all where the product is.
    type Data = Vec<Row>;

    fn call(&self) -> Call {
        let fields = match self.parent {
            Some(_) => VARIATION,
            None => PRODUCT,
        };
        included(self.parent, &self.ids).with("_fields", fields)
    }

    fn read(&self, reply: Reply) -> Option<Vec<Row>> {
        Page::read(reply).map(|page| page.rows)
    }

    fn missing(&self) -> Option<Vec<Row>> {
        Some(Vec::new())
    }
}

/// Some products, or some variations of one, by their ids.
fn included(parent: Option<u64>, ids: &[u64]) -> Call {
    let route = match parent {
        Some(parent) => format!("wc/v3/products/{parent}/variations"),
        None => "wc/v3/products".to_owned(),
    };
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    Call::get(route)
        .with("include", ids.join(","))
        .with("per_page", PER_PAGE.to_string())
}

/// Asks for the prices of some products, or of some variations of one.
#[derive(Debug, Clone)]
pub(in crate::woocommerce) struct ListingPrices {
    /// The product of the variations; `None` for products.
    pub(in crate::woocommerce) parent: Option<u64>,
    /// At most 100.
    pub(in crate::woocommerce) ids: Vec<u64>,
}

impl Operation for ListingPrices {
    type Data = Vec<Row>;

    fn call(&self) -> Call {
        included(self.parent, &self.ids).with("_fields", PRICES)
    }

    fn read(&self, reply: Reply) -> Option<Vec<Row>> {
        Page::read(reply).map(|page| page.rows)
    }

    fn missing(&self) -> Option<Vec<Row>> {
        Some(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_asked_for_in_utc_and_from_the_moment_itself_on() {
        let moment = DateTime::parse_from_rfc3339("2026-07-01T12:00:00.900+02:00").unwrap();
        let call = Products {
            changed_since: Some(moment.to_utc()),
            offset: 99,
        }
        .call();
        let query: Vec<String> = call
            .query
            .iter()
            .filter(|(name, _)| *name != "_fields")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            query,
            [
                "per_page=100",
                "offset=99",
                "orderby=id",
                "order=asc",
                "modified_after=2026-07-01T09:59:59",
                "dates_are_gmt=true"
            ]
        );
    }

    #[test]
    fn descriptions_are_never_asked_for() {
        for fields in [PRODUCT, VARIATION, PRICES] {
            assert!(
                !fields.contains("description") && !fields.contains(' '),
                "{fields}"
            );
        }
    }
}
