//! Parts of pages that show products.

mod prices;
mod stores;
mod thumbnail;

pub(crate) use prices::Prices;
pub(crate) use stores::Stores;
pub(crate) use thumbnail::Thumbnail;
