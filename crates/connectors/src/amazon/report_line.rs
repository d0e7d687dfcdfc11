//! The lines of a listings report: columns separated by tabs, unquoted, in
//! UTF-8, Latin-1 or (in Japan) Shift-JIS.

use std::borrow::Cow;

use calibr_model::Money;
use encoding_rs::{Encoding, SHIFT_JIS, WINDOWS_1252};

use super::record::{self, At, Listing};
use crate::{
    catalogue::{ItemFault, ProductRecord, VariantRecord},
    error::{ConnectorError, Fault},
};

/// How a report's bytes are letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letters {
    /// What the answer's header named.
    declared: Option<&'static Encoding>,
}

impl Letters {
    /// By the `Content-Type` a document came with.
    pub(super) fn of(content_type: Option<&str>) -> Self {
        let label = content_type.and_then(|kind| {
            kind.split(';').find_map(|part| {
                let (name, value) = part.split_once('=')?;
                name.trim()
                    .eq_ignore_ascii_case("charset")
                    .then(|| value.trim().trim_matches('"'))
            })
        });
        Self {
            declared: label.and_then(Self::named),
        }
    }

    /// Amazon also says `Cp1252` and `Windows-31J`.
    fn named(label: &str) -> Option<&'static Encoding> {
        if label.eq_ignore_ascii_case("cp932") {
            return Some(SHIFT_JIS);
        }
        Encoding::for_label(label.as_bytes())
    }

    /// A line's letters. Whatever was declared, what is UTF-8 is read as that:
    /// Latin-1 that happens to be UTF-8 makes no words.
    pub(super) fn read<'a>(&self, line: &'a [u8]) -> Cow<'a, str> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if self.declared != Some(SHIFT_JIS)
            && let Ok(text) = std::str::from_utf8(line)
        {
            return Cow::Borrowed(text);
        }
        let encoding = self
            .declared
            .filter(|encoding| *encoding != encoding_rs::UTF_8)
            .unwrap_or(WINDOWS_1252);
        encoding.decode_without_bom_handling(line).0
    }
}

/// Where each column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    sku: usize,
    price: usize,
    name: Option<usize>,
    asin: Option<usize>,
    product_id: Option<usize>,
    product_id_type: Option<usize>,
    quantity: Option<usize>,
    image: Option<usize>,
    condition: Option<usize>,
    status: Option<usize>,
    /// How many there are.
    count: usize,
}

impl Columns {
    /// Reads the first line. Columns come in any order; some stores of Amazon's
    /// name them in their own language.
    pub(super) fn read(line: &str) -> Result<Self, ConnectorError> {
        let names: Vec<String> = line
            .trim_end_matches(['\r', '\n'])
            .split('\t')
            .map(|name| name.trim().to_lowercase())
            .collect();
        let find = |wanted: &[&str]| {
            names
                .iter()
                .position(|name| wanted.contains(&name.as_str()))
        };
        let (Some(sku), Some(price)) =
            (find(&["seller-sku", "出品者sku"]), find(&["price", "価格"]))
        else {
            let shown: String = line.chars().take(120).collect();
            return Err(ConnectorError::new(
                Fault::Malformed,
                "Amazon's report of listings has no columns for SKU and price, so nothing was \
                 taken from it. Try again later; if it stays so, look for a newer version of \
                 Calibr.",
            )
            .answer(crate::transport::redact::text(&shown)));
        };
        Ok(Self {
            sku,
            price,
            name: find(&["item-name", "商品名"]),
            asin: find(&["asin1", "asin 1", "asin"]),
            product_id: find(&["product-id", "商品id"]),
            product_id_type: find(&["product-id-type", "商品idタイプ"]),
            quantity: find(&["quantity", "数量"]),
            image: find(&["image-url"]),
            condition: find(&["item-condition", "コンディション"]),
            status: find(&["status", "ステータス"]),
            count: names.len(),
        })
    }

    /// Reads a line.
    pub(super) fn listing(&self, line: &str, at: At) -> Result<Listing, ItemFault> {
        let line = line.trim_end_matches(['\r', '\n']);
        let cells: Vec<&str> = line.split('\t').collect();
        // Amazon leaves empty columns out at the end, never more than it named.
        if cells.len() <= self.sku.max(self.price) || cells.len() > self.count {
            // Of a line that is cut off the SKU is known, of one with columns too
            // many nobody knows which it is.
            let is_cut = cells.len() <= self.sku.max(self.price);
            let sku = (is_cut && self.sku + 1 < cells.len()).then(|| cells[self.sku]);
            return Err(record::malformed(
                sku,
                line,
                &format!("it has {} columns, not {}", cells.len(), self.count),
            ));
        }
        let cell = |place: Option<usize>| {
            place
                .and_then(|place| cells.get(place))
                .and_then(|cell| record::filled(cell))
        };
        let Some(sku) = cell(Some(self.sku)) else {
            return Err(record::malformed(None, line, "its SKU is empty"));
        };
        let price: Option<Money> =
            record::price(cells[self.price], at.currency, &sku, || line.to_owned())?;
        let id_kind = cell(self.product_id_type);
        let id = cell(self.product_id);
        let asin_in_id = id.as_deref().filter(|_| id_kind.as_deref() == Some("1"));
        let asin = cell(self.asin).or_else(|| asin_in_id.map(str::to_owned));
        // 2, 3 and 4 are ISBN, UPC and EAN.
        let barcode = id.filter(|_| matches!(id_kind.as_deref(), Some("2" | "3" | "4")));
        let on_sale = cell(self.status).is_none_or(|status| status.eq_ignore_ascii_case("active"));
        let state = record::state(on_sale);
        let product_id = record::product_id(asin.as_deref(), &sku);
        Ok(Listing {
            product: ProductRecord {
                title: cell(self.name).unwrap_or_else(|| sku.clone()),
                external_id: product_id.clone(),
                handle: None,
                vendor: None,
                product_type: None,
                image_url: cell(self.image),
                state,
                updated_at: None,
            },
            variant: VariantRecord {
                title: cell(self.condition)
                    .map(|number| condition(&number).to_owned())
                    .unwrap_or_default(),
                external_id: sku.clone(),
                product_external_id: product_id,
                sku: Some(sku),
                barcode,
                price,
                compare_at: None,
                stock: cell(self.quantity).and_then(|units| units.parse().ok()),
                state: Some(state),
                updated_at: None,
            },
        })
    }
}

/// The report's numbers of conditions in the words of the API's.
fn condition(number: &str) -> &'static str {
    match number {
        "1" => "Used, like new",
        "2" => "Used, very good",
        "3" => "Used, good",
        "4" => "Used, acceptable",
        "5" => "Collectible, like new",
        "6" => "Collectible, very good",
        "7" => "Collectible, good",
        "8" => "Collectible, acceptable",
        "10" => "Refurbished",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use calibr_model::status::ListingState;
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\tproduct-id-type\titem-condition\tasin1\tproduct-id\tfulfillment-channel\tstatus";

    fn at() -> At {
        At {
            marketplace: "A1PA6795UKMFR9",
            currency: "EUR".parse().unwrap(),
        }
    }

    fn read(line: &str) -> Result<Listing, ItemFault> {
        Columns::read(HEAD).unwrap().listing(line, at())
    }

    #[test]
    fn a_line_is_read_whole() {
        let listing = read("Socks \"red\"\ta, \"b\"\t0701X\tS-1\t12.5\t7\t2026-01-01 10:00:00 MEZ\t\t4\t2\tB0ABCDEFGH\t4006381333931\tDEFAULT\tActive\r").unwrap();
        assert_eq!(listing.product.external_id, "B0ABCDEFGH");
        assert_eq!(listing.product.title, "Socks \"red\"");
        let variant = listing.variant;
        assert_eq!(variant.external_id, "S-1");
        assert_eq!(variant.title, "Used, very good");
        assert_eq!(variant.barcode.as_deref(), Some("4006381333931"));
        assert_eq!(variant.price.unwrap().amount_minor, 1250);
        assert_eq!(variant.stock, Some(7));
        assert_eq!(variant.state, Some(ListingState::Active));
    }

    #[test]
    fn what_amazon_keeps_in_its_own_warehouse_has_no_stock_here() {
        let listing =
            read("Socks\t\t\tS-1\t12.5\t\t\t\t1\t11\t\tB0ABCDEFGH\tAMAZON_EU\tInactive").unwrap();
        assert_eq!(listing.variant.stock, None);
        assert_eq!(listing.variant.title, "");
        assert_eq!(listing.product.external_id, "B0ABCDEFGH");
        assert_eq!(listing.variant.barcode, None);
        assert_eq!(listing.variant.state, Some(ListingState::Draft));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_one_fault() {
        for line in ["", "x", "a\tb\tc\t\t1.00", &"\t".repeat(20)] {
            assert_eq!(read(line).unwrap_err().code, "malformed_record", "{line:?}");
        }
        let price = read("a\t\t\tS-1\t12,50").unwrap_err();
        assert_eq!(
            (price.code, price.label.as_deref()),
            ("price_unreadable", Some("S-1"))
        );
        assert_eq!(read("a\t\t\tS-1\t").unwrap().variant.price, None);
    }

    #[test]
    fn letters_are_read_as_they_were_meant() {
        let latin = Letters::of(Some("text/plain; charset=Cp1252"));
        assert_eq!(latin.read(b"Gr\xf6\xdfe"), "Größe");
        assert_eq!(latin.read("Größe".as_bytes()), "Größe");
        assert_eq!(Letters::of(None).read(b"Gr\xf6\xdfe"), "Größe");
        assert_eq!(
            Letters::of(Some("text/plain;charset=UTF-8")).read(b"\xf6"),
            "ö"
        );
        let japan = Letters::of(Some("text/plain; charset=\"Windows-31J\""));
        assert_eq!(japan.read(b"\x89\xbf\x8ai"), "価格");
        assert_eq!(Letters::of(None).read(b"\xef\xbb\xbfa"), "a");
    }

    #[test]
    fn columns_may_be_japanese_and_must_be_there() {
        let columns = Columns::read(
            "商品名\t出品ID\t出品者SKU\t価格\t数量\t商品IDタイプ\t商品ID\tステータス",
        )
        .unwrap();
        let listing = columns
            .listing(
                "靴下\t1\tS-1\t1200\t3\t1\tB0ABCDEFGH\tActive",
                At {
                    marketplace: "A1VC38T7YXB528",
                    currency: "JPY".parse().unwrap(),
                },
            )
            .unwrap();
        assert_eq!(listing.product.external_id, "B0ABCDEFGH");
        assert_eq!(listing.variant.price.unwrap().amount_minor, 1200);
        assert_eq!(Columns::read("<html>").unwrap_err().fault, Fault::Malformed);
    }

    proptest! {
        #[test]
        fn no_line_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = Letters::of(None).read(&bytes).into_owned();
            let _read = read(&text);
            let _columns = Columns::read(&text);
        }
    }
}
