use leptos::prelude::*;

use crate::components::ui::{Glyph, Icon};

/// A product's picture, or the place of one. Decoration: its title stands beside
/// it.
#[component]
pub(crate) fn Thumbnail(
    /// The picture's `https` address.
    url: Option<String>,
    /// Whether it heads a page.
    #[prop(optional)]
    large: bool,
) -> impl IntoView {
    let broken = RwSignal::new(false);
    let size = if large { "size-16" } else { "size-10" };
    let picture = move || match url.clone() {
        Some(url) if !broken.get() => view! {
            <img
                src=url
                alt=""
                loading="lazy"
                decoding="async"
                referrerpolicy="no-referrer"
                class="size-full object-cover"
                on:error=move |_| broken.set(true)
            />
        }
        .into_any(),
        _ => view! { <Glyph icon=Icon::Picture /> }.into_any(),
    };
    view! {
        <span class=format!(
            "grid {size} shrink-0 place-items-center overflow-hidden rounded-control border border-line bg-sunken text-faint",
        )>{picture}</span>
    }
}
