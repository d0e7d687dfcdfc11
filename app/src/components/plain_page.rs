use leptos::prelude::*;

use super::ui::{PageTitle, ThemeMenu};

/// A page outside any project: the brand, a heading and one card.
#[component]
pub(crate) fn PlainPage(
    /// The heading.
    #[prop(into)]
    title: String,
    /// A line under it.
    #[prop(optional, into)]
    about: String,
    /// What is in the card.
    children: Children,
) -> impl IntoView {
    view! {
        <main class="mx-auto grid min-h-dvh w-full max-w-md grid-cols-1 content-center gap-6 px-4 py-10">
            <div class="absolute top-3 right-3">
                <ThemeMenu />
            </div>
            <div class="grid justify-items-center gap-1 text-center">
                <BrandMark />
                <div class="mt-4">
                    <PageTitle title />
                </div>
                <p class="text-quiet">{about}</p>
            </div>
            <div class="card p-5 sm:p-7">{children()}</div>
        </main>
    }
}

/// The mark of the console.
#[component]
pub(crate) fn BrandMark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 32 32" class="size-11" aria-hidden="true">
            <rect width="32" height="32" rx="8" class="fill-accent" />
            <path
                d="M22.4 11.2a8.4 8.4 0 1 0 0 9.6M16 16l8.6-4.2"
                class="fill-none stroke-on-accent"
                stroke-width="3"
                stroke-linecap="round"
            />
        </svg>
    }
}
