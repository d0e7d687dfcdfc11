use leptos::prelude::*;

use super::{SettingsForm, fields::Item};
use crate::components::ui::Switch;

/// A setting that is on or off.
#[component]
pub(super) fn Toggle(
    /// The form it is in.
    form: SettingsForm,
    /// The setting.
    item: Item,
    /// What it means.
    help: &'static str,
) -> impl IntoView {
    view! {
        <Switch label=item.label() help on=form.on(item) on_change=move |on| form.set(item, on) />
    }
}
