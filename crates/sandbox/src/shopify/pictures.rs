//! Product pictures, drawn by the sandbox itself so that nothing is fetched from outside.

use crate::dice::Dice;
use crate::generator::Product;

use super::graphql::context::Context;
use super::graphql::object::{Object, Resolved, record};
use super::ids::{gid, image_number};

const SIDE: u32 = 400;

/// The picture of a product as the API's `Image`.
pub(crate) fn image(context: &Context, product: &Product) -> Object {
    let url = format!(
        "{}/_files/{}/pictures/{}.svg",
        context.base_url, context.shop.settings.domain, product.key
    );
    record(
        "Image",
        vec![
            (
                "id",
                Resolved::leaf(gid("ImageSource", image_number(product.key))),
            ),
            ("url", Resolved::leaf(url)),
            ("altText", Resolved::leaf(product.title.as_str())),
            ("width", Resolved::leaf(SIDE)),
            ("height", Resolved::leaf(SIDE)),
        ],
    )
}

/// The picture itself: coloured shapes that differ from product to product.
pub(crate) fn svg(key: u32) -> String {
    let mut dice = Dice::of(0x51C7, u64::from(key));
    let hue = dice.below(360);
    let (x, y, radius) = (
        80 + dice.below(240),
        80 + dice.below(240),
        60 + dice.below(90),
    );
    let turn = dice.below(90);
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}"><rect width="{SIDE}" height="{SIDE}" fill="hsl({hue} 45% 88%)"/><circle cx="{x}" cy="{y}" r="{radius}" fill="hsl({hue} 50% 55%)"/><rect x="120" y="120" width="160" height="160" rx="24" fill="hsl({} 45% 40%)" opacity=".75" transform="rotate({turn} 200 200)"/></svg>"##,
        (hue + 140) % 360,
    )
}
