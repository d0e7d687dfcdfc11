use std::time::Duration;

use leptos::prelude::*;

use super::{Button, Icon, Look, Size};
use crate::state::Announcer;

/// Copies a text, and says that it did.
#[component]
pub(crate) fn CopyButton(
    /// The text.
    #[prop(into)]
    text: String,
    /// What it is, for the label: `request id`.
    what: &'static str,
) -> impl IntoView {
    let announcer = expect_context::<Announcer>();
    let done = RwSignal::new(false);
    let copy = move || {
        // A browser that refuses leaves the text to be selected by hand.
        let _promise = window().navigator().clipboard().write_text(&text);
        done.set(true);
        announcer.say("Copied.");
        set_timeout(
            move || {
                done.try_set(false);
            },
            Duration::from_secs(2),
        );
    };
    view! {
        <Button
            label=format!("Copy {what}")
            icon=Signal::derive(move || if done.get() { Icon::Check } else { Icon::Copy })
            icon_only=true
            look=Look::Quiet
            size=Size::Small
            on_click=copy
        />
    }
}
