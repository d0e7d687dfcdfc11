use leptos::prelude::*;

use super::ui::PageTitle;

/// The head of a page: its title, a line about it, and what can be done.
#[component]
pub(crate) fn PageHeader(
    /// The title.
    #[prop(into)]
    title: Signal<String>,
    /// Which part of the page is open, where it has several.
    #[prop(optional, into)]
    part: Option<Signal<&'static str>>,
    /// The line under it.
    #[prop(optional, into)]
    about: ViewFn,
    /// What can be done.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
            <div class="min-w-0 flex-1 basis-80">
                <PageTitle title part />
                <div class="mt-1 text-quiet">{about.run()}</div>
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap gap-2">{children()}</div> })}
        </header>
    }
}
