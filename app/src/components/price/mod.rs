//! Parts of pages that set prices and show how they move.

mod actions;
mod bounds;
mod check;
mod dialogs;
mod file;
mod history;
mod ledger;
mod set;
mod step;
mod stores;

pub(crate) use actions::PushActions;
pub(crate) use bounds::Bounds;
pub(crate) use check::PriceCheck;
pub(crate) use dialogs::{PriceDialogs, PriceDialogsView};
pub(crate) use file::PriceFile;
pub(crate) use ledger::LedgerLine;
pub(crate) use step::price_step;
pub(crate) use stores::{PushStores, StoreList};

/// The draft of setting prices in bulk; kept until they are applied.
pub(crate) const DRAFT: &str = "set prices";
