//! The parts pages are made of. They know nothing of stores and syncs.

mod banner;
mod breadcrumb;
mod button;
mod chart;
mod chips;
mod confirm_dialog;
mod copy_button;
mod counter;
mod dialog;
mod each;
mod empty_state;
mod error_box;
mod field;
mod filter_select;
mod focus;
mod form_end;
mod icon;
mod loaded;
mod menu;
mod note;
mod page_tabs;
mod page_title;
mod paged_table;
mod pagination;
mod pill;
mod progress_bar;
mod search_field;
mod skeleton;
mod table;
mod tabs;
mod theme_menu;
mod time_ago;
mod toast_region;

pub(crate) use banner::Banner;
pub(crate) use breadcrumb::{Breadcrumb, Crumb, Crumbs};
pub(crate) use button::{Button, Look, Size};
pub(crate) use chart::ChartCard;
pub(crate) use chips::Chips;
pub(crate) use confirm_dialog::ConfirmDialog;
pub(crate) use copy_button::CopyButton;
pub(crate) use counter::Counter;
pub(crate) use dialog::{Dialog, DialogKind};
pub(crate) use each::Each;
pub(crate) use empty_state::EmptyState;
pub(crate) use error_box::ErrorBox;
pub(crate) use field::{
    Checkbox, Choice, Choices, FileField, SecretField, SelectField, Switch, TextArea, TextField,
};
pub(crate) use filter_select::FilterSelect;
pub(crate) use focus::{focus, focus_soon};
pub(crate) use form_end::FormEnd;
pub(crate) use icon::{Glyph, Icon};
pub(crate) use loaded::Loaded;
pub(crate) use menu::{Menu, MenuItem, MenuLink};
pub(crate) use note::Note;
pub(crate) use page_tabs::{PageTab, PageTabs};
pub(crate) use page_title::{PageTitle, Visited};
pub(crate) use paged_table::PagedTable;
pub(crate) use pagination::Pagination;
pub(crate) use pill::{Pill, pill};
pub(crate) use progress_bar::ProgressBar;
pub(crate) use search_field::SearchField;
pub(crate) use skeleton::{GhostLines, GhostTable};
pub(crate) use table::{Column, Table};
pub(crate) use tabs::{TabPanel, Tabs};
pub(crate) use theme_menu::{ThemeMenu, theme_icon};
pub(crate) use time_ago::{DayOf, TimeAgo};
pub(crate) use toast_region::ToastRegion;

use std::cell::Cell;

thread_local! {
    static LAST_ID: Cell<u32> = const { Cell::new(0) };
}

/// An `id` for an element, used once on the page.
pub(crate) fn unique_id(stem: &str) -> String {
    LAST_ID.with(|last| {
        last.set(last.get() + 1);
        format!("{stem}-{}", last.get())
    })
}
