use leptos::prelude::*;

use super::{ErrorBox, Note};
use crate::{state::Loading, text::words::Tone};

/// A part of a page whose content is read from the server: its shape while it
/// is to come, what went wrong where it does not come, then the content. A
/// content that could not be refreshed stays, with a word about it.
#[component]
pub(crate) fn Loaded(
    /// How the reading stands.
    loading: Loading,
    /// The shape of what is to come.
    #[prop(into)]
    skeleton: ViewFn,
    /// The content; made once, when there is something to show.
    children: ChildrenFn,
) -> impl IntoView {
    let ready = Memo::new(move |_| loading.is_ready());
    let retry = Callback::new(move |()| loading.refetch());
    let children = StoredValue::new(children);
    move || {
        if ready.get() {
            let outdated = move || {
                loading.error.get().map(|problem| {
                    view! {
                        <div class="p-3">
                            <Note tone=Tone::Warn>
                                "This could not be refreshed and may be out of date. " {problem.detail}
                            </Note>
                        </div>
                    }
                })
            };
            view! {
                {outdated}
                {children.with_value(|children| children())}
            }
            .into_any()
        } else if let Some(problem) = loading.error.get() {
            view! { <ErrorBox problem busy=loading.fetching on_retry=retry /> }.into_any()
        } else {
            view! {
                <div>
                    <span class="sr-only" role="status">"Loading…"</span>
                    {skeleton.run()}
                </div>
            }
            .into_any()
        }
    }
}
