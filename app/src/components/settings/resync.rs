use calibr_model::{IntegrationId, Problem, status::RunType};
use leptos::prelude::*;

use crate::{
    api,
    components::ui::{Button, Dialog, Look, Note},
    routes,
    state::{Address, Ask, Project, Toast, Toasts},
    text::{number::counted, words::Tone},
};

/// Asks before everything a store has is read anew.
#[component]
pub(crate) fn ResyncDialog(
    /// The store.
    id: IntegrationId,
    /// Whether it is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let busy = RwSignal::new(false);
    let problem = RwSignal::new(None::<Problem>);
    let store = Memo::new(move |_| project.integration(id));
    let title = Signal::derive(move || {
        let name = store.with(|store| store.as_ref().map(|store| store.name.clone()));
        format!("Read everything of {} anew?", name.unwrap_or_default())
    });
    let items = move || {
        let many = store.with(|store| store.as_ref().map_or(0, |store| store.item_count));
        counted(many, "item", "items")
    };
    let start = move || {
        busy.set(true);
        problem.set(None);
        let slug = project.slug();
        let request = api::syncs::start_sync(slug.clone(), id, RunType::Full);
        ask.send(request, move |answer| {
            busy.try_set(false);
            match answer {
                Ok(run) => {
                    open.try_set(false);
                    project.integrations.refetch();
                    let there = routes::run(slug.as_str(), id, run.id);
                    toasts.show(
                        Toast::good("The full resync is under way")
                            .action("Show it", move || address.go(&there)),
                    );
                }
                Err(refused) => {
                    problem.try_set(Some(refused));
                }
            }
        });
    };
    view! {
        <Dialog open title>
            <div class="grid gap-4 overflow-y-auto px-6 pb-6">
                <p>
                    "All there is at the store is read again, " {items}
                    " as of now, also what has not changed. What the store no longer has is marked as gone."
                </p>
                <p class="text-quiet">
                    "Reading changes nothing at the store. It takes about as long as the first import did; you can go on working, and cancel it."
                </p>
                {move || {
                    problem
                        .get()
                        .map(|problem| view! { <Note tone=Tone::Bad alert=true>{problem.detail}</Note> })
                }}
                <div class="flex flex-wrap justify-end gap-2">
                    <Button label="Cancel" look=Look::Quiet on_click=move || open.set(false) />
                    <Button label="Start full resync" look=Look::Primary busy on_click=start />
                </div>
            </div>
        </Dialog>
    }
}
