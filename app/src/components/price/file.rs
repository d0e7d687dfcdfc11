use leptos::prelude::*;
use web_sys::File;

/// The file with prices that was chosen last: it is still there when the person
/// comes back to the form.
#[derive(Clone, Copy)]
pub(crate) struct PriceFile(pub(crate) RwSignal<Option<File>, LocalStorage>);

impl PriceFile {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(RwSignal::new_local(None))
    }
}
