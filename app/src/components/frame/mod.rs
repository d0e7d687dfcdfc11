//! What stands around every page of a project.

mod palette;
mod side;
mod top;

pub(crate) use palette::{Palette, PaletteDialog};
pub(crate) use side::Side;
pub(crate) use top::Top;
