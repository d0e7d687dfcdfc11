use calibr_model::Role;
use leptos::prelude::*;

use crate::{components::ui::unique_id, state::Project};

/// Fields that those may change who may change settings; others read them.
#[component]
pub(super) fn Fields(
    /// The sections.
    children: Children,
) -> impl IntoView {
    let locked = !expect_context::<Project>().allows(Role::Admin);
    view! {
        <fieldset class="grid grid-cols-1 gap-8" disabled=locked>
            {children()}
        </fieldset>
    }
}

/// A part of the settings: what it is about, and a card with its fields.
#[component]
pub(super) fn Section(
    /// Its heading.
    title: &'static str,
    /// A line or two about it.
    #[prop(into)]
    about: String,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let id = unique_id("section");
    view! {
        <section
            aria-labelledby=id.clone()
            class="grid grid-cols-1 gap-x-10 gap-y-3 lg:grid-cols-[16rem_minmax(0,1fr)]"
        >
            <div class="lg:pt-1">
                <h2 id=id.clone() class="text-lg">{title}</h2>
                <p class="mt-0.5 text-quiet">{about}</p>
            </div>
            <div class="card grid grid-cols-1 content-start gap-5 p-4 sm:p-5">{children()}</div>
        </section>
    }
}
