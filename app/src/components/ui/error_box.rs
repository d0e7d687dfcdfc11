use calibr_model::Problem;
use leptos::prelude::*;

use super::{Button, CopyButton, Glyph, Icon};

/// Something could not be shown or done: what happened, what to do, and by
/// which number the operator finds it in the log.
#[component]
pub(crate) fn ErrorBox(
    /// What happened.
    problem: Problem,
    /// Whether the server is being asked again.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// Tries again.
    #[prop(optional, into)]
    on_retry: Option<Callback<()>>,
    /// What trying again is called.
    #[prop(default = "Try again")]
    retry: &'static str,
) -> impl IntoView {
    view! {
        <div class="grid justify-items-center gap-2 px-6 py-12 text-center" role="alert">
            <span class="tone-bad mb-2 grid size-11 place-items-center rounded-full">
                <Glyph icon=Icon::Alert class="size-5" />
            </span>
            <p class="text-lg font-semibold">{problem.kind.title()}</p>
            <p class="max-w-lg text-quiet">{problem.detail}</p>
            {on_retry
                .map(|on_retry| {
                    view! {
                        <div class="mt-3">
                            <Button label=retry icon=Icon::Sync busy on_click=on_retry />
                        </div>
                    }
                })}
            {problem
                .request_id
                .map(|id| {
                    view! {
                        <p class="mt-2 flex items-center gap-1 text-sm text-quiet">
                            "Request " <code class="font-mono text-xs">{id.clone()}</code>
                            <CopyButton text=id what="request id" />
                        </p>
                    }
                })}
        </div>
    }
}
