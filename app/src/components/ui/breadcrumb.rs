use leptos::prelude::*;

use super::{Glyph, Icon};

/// One step of the way to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crumb {
    /// Its words.
    pub(crate) words: String,
    /// Its address; none for the page itself.
    pub(crate) href: Option<String>,
}

impl Crumb {
    /// A page on the way.
    pub(crate) fn to(words: impl Into<String>, href: String) -> Self {
        Self {
            words: words.into(),
            href: Some(href),
        }
    }

    /// The page itself.
    pub(crate) fn here(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            href: None,
        }
    }
}

/// The way to the open page. The page sets it, the frame shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crumbs(pub(crate) RwSignal<Vec<Crumb>>);

/// Shows the way to the open page. On a phone only the step back.
#[component]
pub(crate) fn Breadcrumb() -> impl IntoView {
    let Crumbs(crumbs) = expect_context::<Crumbs>();
    let steps = move || {
        let crumbs = crumbs.get();
        let last = crumbs.len().saturating_sub(1);
        crumbs
            .into_iter()
            .enumerate()
            .map(|(index, Crumb { words, href })| {
                let link = match href {
                    Some(href) => view! { <a class="truncate text-quiet hover:text-text" href=href>{words}</a> }.into_any(),
                    None if index < last => view! { <span class="truncate text-quiet">{words}</span> }.into_any(),
                    None => view! { <span class="truncate font-medium" aria-current="page">{words}</span> }.into_any(),
                };
                view! {
                    <li
                        class="flex min-w-0 items-center gap-1.5"
                        class=("max-md:hidden", index + 1 != last && last > 0)
                        class=("shrink-0", index == 0)
                    >
                        {(index > 0)
                            .then(|| {
                                let class = "size-3.5 text-faint max-md:hidden";
                                view! { <Glyph icon=Icon::ChevronRight class /> }
                            })}
                        {(index + 1 == last)
                            .then(|| {
                                let class = "text-quiet md:hidden";
                                view! { <Glyph icon=Icon::ChevronLeft class /> }
                            })}
                        {link}
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <nav aria-label="Breadcrumb" class="min-w-0 flex-1">
            <ol class="flex min-w-0 items-center gap-1.5">{steps}</ol>
        </nav>
    }
}
