//! Parts of pages that set prices and show how they move.

mod bounds;
mod dialogs;
mod file;
mod history;
mod ledger;
mod set;
mod step;

pub(crate) use bounds::Bounds;
pub(crate) use dialogs::{PriceDialogs, PriceDialogsView};
pub(crate) use file::PriceFile;
pub(crate) use ledger::LedgerLine;
pub(crate) use step::price_step;

/// The draft of setting prices in bulk; kept until they are applied.
pub(crate) const DRAFT: &str = "set prices";
