use leptos::prelude::*;

use super::{Glyph, Icon, Menu, MenuItem};
use crate::state::{Theme, ThemeChoice};

/// The picture of a choice.
pub(crate) const fn theme_icon(choice: ThemeChoice) -> Icon {
    match choice {
        ThemeChoice::Light => Icon::Sun,
        ThemeChoice::Dark => Icon::Moon,
        ThemeChoice::System => Icon::Monitor,
    }
}

/// Chooses between light and dark.
#[component]
pub(crate) fn ThemeMenu() -> impl IntoView {
    let theme = expect_context::<Theme>();
    let icon = Signal::derive(move || theme_icon(theme.choice.get()));
    view! {
        <Menu label="Theme" class="btn btn-quiet" square=true face=move || view! { <Glyph icon /> }>
            {ThemeChoice::ALL
                .map(|choice| {
                    view! {
                        <MenuItem
                            label=choice.label()
                            icon=theme_icon(choice)
                            checked=Signal::derive(move || theme.choice.get() == choice)
                            on_click=move || theme.choose(choice)
                        />
                    }
                })
                .collect_view()}
        </Menu>
    }
}
