//! What stands around every page of a project.

mod palette;
mod side;
mod top;
mod unsaved;

pub(crate) use palette::{Palette, PaletteDialog};
pub(crate) use side::Side;
pub(crate) use top::Top;
pub(crate) use unsaved::UnsavedDialog;
