use leptos::{html, prelude::*};

use crate::state::{Address, Announcer, Project};

/// Whether a page has been shown before: the first one must not take the focus.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visited(pub(crate) StoredValue<bool>);

/// A heading of more bytes than this is set smaller on a phone.
const LONG: usize = 120;

/// A page's heading. On navigation it takes the focus, names the browser's tab
/// and tells listeners where they are.
#[component]
pub(crate) fn PageTitle(
    /// The heading.
    #[prop(into)]
    title: Signal<String>,
    /// Which part of the page is open, where it has several: told to listeners
    /// and in the browser's tab.
    #[prop(optional_no_strip, into)]
    part: Option<Signal<&'static str>>,
) -> impl IntoView {
    let heading: NodeRef<html::H1> = NodeRef::new();
    let announcer = expect_context::<Announcer>();
    let Visited(visited) = expect_context::<Visited>();
    let Address { path, .. } = expect_context();
    let project = use_context::<Project>().map(Project::name);
    let rest = move || part.map(|part| format!(" · {}", part.get()));
    let whole = move || {
        let title = title.get() + &rest().unwrap_or_default();
        match &project {
            Some(project) => format!("{title} · {project} · Calibr"),
            None => format!("{title} · Calibr"),
        }
    };

    // A title that somebody pasted whole must leave room for the page.
    let is_long = move || title.with(|title| title.len() > LONG);

    Effect::new(move |_| document().set_title(&whole()));
    Effect::new(move |_| {
        path.track();
        let Some(heading) = heading.get() else { return };
        if visited.get_value() && !is_among_tabs() {
            let _focused = heading.focus();
            announcer.say(title.get_untracked());
        }
        visited.set_value(true);
    });

    view! {
        <h1
            node_ref=heading
            tabindex="-1"
            dir="auto"
            class="min-w-0 text-2xl wrap-anywhere"
            class=("max-sm:text-lg", is_long)
        >
            {move || title.get()}
            {part.map(|_| view! { <span class="sr-only">{rest}</span> })}
        </h1>
    }
}

/// Whether the focus is on a tab: whoever goes from one to the next keeps it.
fn is_among_tabs() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| matches!(element.closest("[role=tablist]"), Ok(Some(_))))
}
