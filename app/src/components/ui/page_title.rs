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
) -> impl IntoView {
    let heading: NodeRef<html::H1> = NodeRef::new();
    let announcer = expect_context::<Announcer>();
    let Visited(visited) = expect_context::<Visited>();
    let Address { path, .. } = expect_context();
    let project = use_context::<Project>().map(Project::name);
    let whole = move || match &project {
        Some(project) => format!("{} · {project} · Calibr", title.get()),
        None => format!("{} · Calibr", title.get()),
    };

    // A title that somebody pasted whole must leave room for the page.
    let is_long = move || title.with(|title| title.len() > LONG);

    Effect::new(move |_| document().set_title(&whole()));
    Effect::new(move |_| {
        path.track();
        let Some(heading) = heading.get() else { return };
        if visited.get_value() {
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
        </h1>
    }
}
