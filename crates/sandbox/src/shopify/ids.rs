//! Shopify's global ids, `gid://shopify/Product/7900000000001`, and the numbers inside them.

use std::fmt;

/// First product number; the catalogue's keys count from here.
const PRODUCTS: u64 = 7_900_000_000_001;
const VARIANTS: u64 = 44_000_000_000_001;
const INVENTORY_ITEMS: u64 = 46_000_000_000_001;
const IMAGES: u64 = 31_000_000_000_001;

/// A parsed global id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gid<'a> {
    pub(crate) kind: &'a str,
    pub(crate) number: u64,
}

impl<'a> Gid<'a> {
    /// Reads `gid://shopify/Kind/123`, with or without a query part behind it.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (kind, number) = text.strip_prefix("gid://shopify/")?.split_once('/')?;
        let number = number.split('?').next()?.parse().ok()?;
        Some(Self { kind, number })
    }

    fn key(self, kind: &str, first: u64) -> Option<u32> {
        if self.kind != kind {
            return None;
        }
        self.number.checked_sub(first)?.try_into().ok()
    }

    /// The catalogue's key, if this is a product's id.
    pub(crate) fn product(self) -> Option<u32> {
        self.key("Product", PRODUCTS)
    }

    /// The catalogue's key, if this is a variant's id.
    pub(crate) fn variant(self) -> Option<u32> {
        self.key("ProductVariant", VARIANTS)
    }

    /// The key of the variant whose inventory item this is the id of.
    pub(crate) fn inventory_item(self) -> Option<u32> {
        self.key("InventoryItem", INVENTORY_ITEMS)
    }

    /// The key of the product whose picture this is the id of.
    pub(crate) fn image(self) -> Option<u32> {
        self.key("MediaImage", IMAGES)
    }
}

impl fmt::Display for Gid<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "gid://shopify/{}/{}", self.kind, self.number)
    }
}

/// The number of the product with that key.
pub(crate) fn product_number(key: u32) -> u64 {
    PRODUCTS + u64::from(key)
}

/// The number of the variant with that key.
pub(crate) fn variant_number(key: u32) -> u64 {
    VARIANTS + u64::from(key)
}

/// The number of the inventory item of the variant with that key.
pub(crate) fn inventory_item_number(key: u32) -> u64 {
    INVENTORY_ITEMS + u64::from(key)
}

/// The number of the picture of the product with that key.
pub(crate) fn image_number(key: u32) -> u64 {
    IMAGES + u64::from(key)
}

/// The global id of that kind and number.
pub(crate) fn gid(kind: &str, number: u64) -> String {
    Gid { kind, number }.to_string()
}

/// The catalogue's key of a product given by global id or number.
pub(crate) fn product_key(text: &str) -> Option<u32> {
    let number = text.parse().ok().map(|number| Gid {
        kind: "Product",
        number,
    });
    number.or_else(|| Gid::parse(text))?.product()
}

/// The catalogue's key of a variant given by global id or number.
pub(crate) fn variant_key(text: &str) -> Option<u32> {
    let number = text.parse().ok().map(|number| Gid {
        kind: "ProductVariant",
        number,
    });
    number.or_else(|| Gid::parse(text))?.variant()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_the_keys_they_were_made_from() {
        let id = gid("ProductVariant", variant_number(17));
        assert_eq!(Gid::parse(&id).unwrap().variant(), Some(17));
        assert_eq!(variant_key(&id), Some(17));
        assert_eq!(variant_key(&variant_number(17).to_string()), Some(17));
        assert_eq!(Gid::parse(&id).unwrap().product(), None);
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in ["", "17", "gid://shopify/Product", "gid://other/Product/1"] {
            assert_eq!(Gid::parse(text), None, "{text}");
        }
    }
}
