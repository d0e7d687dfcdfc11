//! How an app gets a shop's consent and its tokens ("Authorization code grant", shopify.dev).

pub(crate) mod authorize;
mod page;
mod signature;
pub(crate) mod token;
