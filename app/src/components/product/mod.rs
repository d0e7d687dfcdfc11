//! Parts of pages that show products.

mod prices;
mod sales;
mod stores;
mod thumbnail;

pub(crate) use prices::Prices;
pub(crate) use sales::{OrdersCounted, SoldOfLate};
pub(crate) use stores::Stores;
pub(crate) use thumbnail::Thumbnail;
