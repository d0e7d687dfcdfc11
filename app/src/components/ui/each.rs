use leptos::prelude::*;

/// One view for each id of a list, kept for as long as the id stays in it. One
/// piece of code for all lists: what a view shows it looks up by the id.
#[component]
pub(crate) fn Each(
    /// The ids, in their order.
    #[prop(into)]
    ids: Signal<Vec<u128>>,
    /// Makes the view of one.
    #[prop(into)]
    view: Callback<u128, AnyView>,
) -> impl IntoView {
    view! {
        <For each=move || ids.get() key=|id| *id let(id)>
            {view.run(id)}
        </For>
    }
}
