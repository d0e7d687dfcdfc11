//! A connected store: its row on the platform's card, and what can be done
//! with it.

mod actions;
mod dialogs;
mod facts;
mod line;
mod options;
mod outcome;
mod platform_card;
mod row;

pub(crate) use actions::StoreActions;
pub(crate) use dialogs::{StoreDialogs, StoreDialogsView};
pub(crate) use line::StoreLine;
pub(crate) use options::store_options;
pub(crate) use outcome::ConnectOutcome;
pub(crate) use platform_card::PlatformCard;
pub(crate) use row::{StoreRow, needs_access};
