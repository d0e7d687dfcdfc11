//! The fields of a product.

use std::borrow::Cow;
use std::sync::Arc;

use super::listing::status;
use crate::generator::{Product, ProductOption};
use crate::shopify::graphql::connection::{PageRequest, count};
use crate::shopify::graphql::context::{Context, date_time};
use crate::shopify::graphql::error::Error;
use crate::shopify::graphql::object::{Object, Resolution, Resolved, record};
use crate::shopify::graphql::plan::PlannedField;
use crate::shopify::ids::{gid, image_number, product_number, variant_number};
use crate::shopify::pictures;

pub(super) fn resolve(
    context: &Context,
    product: &Arc<Product>,
    field: &PlannedField,
) -> Resolution {
    Ok(match field.name.as_str() {
        "id" => Resolved::leaf(gid("Product", product_number(product.key))),
        "legacyResourceId" => Resolved::leaf(product_number(product.key).to_string()),
        "title" => Resolved::leaf(product.title.as_str()),
        "handle" => Resolved::leaf(product.handle.as_str()),
        "description" => {
            Resolved::leaf(shortened(&description(product), field.number("truncateAt")))
        }
        "descriptionHtml" => Resolved::leaf(format!("<p>{}</p>", description(product))),
        "vendor" => Resolved::leaf(product.vendor.as_str()),
        "productType" => Resolved::leaf(product.product_type.as_str()),
        "status" => Resolved::leaf(status(product.status)),
        "tags" => Resolved::leaves(product.tags.iter().map(String::as_str)),
        "createdAt" => Resolved::leaf(date_time(product.created_at)),
        "updatedAt" => Resolved::leaf(date_time(product.updated_at)),
        "publishedAt" => Resolved::leaf(product.published_at.map(date_time)),
        "onlineStoreUrl" => {
            Resolved::leaf(product.published_at.map(|_| store_url(context, product)))
        }
        "onlineStorePreviewUrl" => Resolved::leaf(store_url(context, product)),
        "isGiftCard" => Resolved::leaf(false),
        "hasOnlyDefaultVariant" => Resolved::leaf(product.options.is_empty()),
        "tracksInventory" => Resolved::leaf(product.variants.iter().any(|variant| variant.tracked)),
        "totalInventory" => Resolved::leaf(
            product
                .variants
                .iter()
                .map(|variant| variant.stock)
                .sum::<i64>(),
        ),
        "options" => {
            let limit = field
                .number("first")
                .and_then(|first| usize::try_from(first).ok());
            let options = options(product)
                .into_iter()
                .take(limit.unwrap_or(usize::MAX));
            Resolved::objects(options)
        }
        "priceRangeV2" => price_range(context, product),
        "featuredImage" if product.pictured => pictures::image(context, product).resolved(),
        "featuredMedia" if product.pictured => media_image(context, product).resolved(),
        "featuredImage" | "featuredMedia" => Resolved::Null,
        "media" => media(context, product, field)?,
        "mediaCount" => count(field, usize::from(product.pictured)),
        "variants" => {
            let listed = product.variants.iter().enumerate().map(|(place, variant)| {
                (
                    variant_number(variant.key),
                    Object::Variant(Arc::clone(product), place),
                )
            });
            let page = PageRequest::read(context, field)?.cut_list(listed.collect());
            page.connection("ProductVariantConnection", "ProductVariantEdge")
        }
        "variantsCount" => count(field, product.variants.len()),
        other => return Err(Error::new(format!("Field '{other}' is not available"))),
    })
}

/// A product's picture as media.
pub(super) fn media_image(context: &Context, product: &Product) -> Object {
    let image = || pictures::image(context, product).resolved();
    let preview = vec![("image", image()), ("status", Resolved::leaf("READY"))];
    record(
        "MediaImage",
        vec![
            (
                "id",
                Resolved::leaf(gid("MediaImage", image_number(product.key))),
            ),
            ("alt", Resolved::leaf(product.title.as_str())),
            ("createdAt", Resolved::leaf(date_time(product.created_at))),
            ("updatedAt", Resolved::leaf(date_time(product.created_at))),
            ("fileStatus", Resolved::leaf("READY")),
            ("status", Resolved::leaf("READY")),
            ("mediaContentType", Resolved::leaf("IMAGE")),
            ("mimeType", Resolved::leaf("image/svg+xml")),
            ("image", image()),
            ("preview", record("MediaPreviewImage", preview).resolved()),
        ],
    )
}

/// The media of a product, or of a variant, which has its product's.
pub(super) fn media(context: &Context, product: &Product, field: &PlannedField) -> Resolution {
    let media = product
        .pictured
        .then(|| (image_number(product.key), media_image(context, product)))
        .into_iter();
    let page = PageRequest::read(context, field)?.cut_list(media.collect());
    Ok(page.connection("MediaConnection", "MediaEdge"))
}

/// The options, with the one that a product without options has in Shopify.
pub(super) fn listed_options(product: &Product) -> Cow<'_, [ProductOption]> {
    if product.options.is_empty() {
        let (name, values) = ("Title".to_owned(), vec!["Default Title".to_owned()]);
        return Cow::Owned(vec![ProductOption { name, values }]);
    }
    Cow::Borrowed(&product.options)
}

/// A value of the option at `place`, with an id that is its own within the shop.
pub(super) fn option_value(product: &Product, place: usize, value: usize, name: &str) -> Object {
    let number = option_number(product, place) * 1_000 + value as u64;
    record(
        "ProductOptionValue",
        vec![
            ("id", Resolved::leaf(gid("ProductOptionValue", number))),
            ("name", Resolved::leaf(name)),
            ("hasVariants", Resolved::leaf(true)),
        ],
    )
}

fn option_number(product: &Product, place: usize) -> u64 {
    10_000_000_000 + u64::from(product.key) * 3 + place as u64
}

fn options(product: &Product) -> Vec<Object> {
    let listed = listed_options(product);
    let options = listed.iter().enumerate().map(|(place, option)| {
        let values = option.values.iter().enumerate();
        let values = values.map(|(value, name)| option_value(product, place, value, name));
        record(
            "ProductOption",
            vec![
                (
                    "id",
                    Resolved::leaf(gid("ProductOption", option_number(product, place))),
                ),
                ("name", Resolved::leaf(option.name.as_str())),
                ("position", Resolved::leaf(place + 1)),
                ("optionValues", Resolved::objects(values)),
                (
                    "values",
                    Resolved::leaves(option.values.iter().map(String::as_str)),
                ),
            ],
        )
    });
    options.collect()
}

fn price_range(context: &Context, product: &Product) -> Resolved {
    let prices = || product.variants.iter().map(|variant| variant.price);
    let money = |amount: Option<i64>| super::variant::money(context, amount.unwrap_or(0));
    let fields = vec![
        ("minVariantPrice", money(prices().min())),
        ("maxVariantPrice", money(prices().max())),
    ];
    record("ProductPriceRangeV2", fields).resolved()
}

fn store_url(context: &Context, product: &Product) -> String {
    format!(
        "https://{}/products/{}",
        context.shop.settings.domain, product.handle
    )
}

fn description(product: &Product) -> String {
    format!("{} by {}.", product.title, product.vendor)
}

fn shortened(text: &str, length: Option<i64>) -> String {
    match length.and_then(|length| usize::try_from(length).ok()) {
        Some(length) if text.chars().count() > length => {
            let kept: String = text.chars().take(length.saturating_sub(3)).collect();
            format!("{kept}...")
        }
        _ => text.to_owned(),
    }
}
