use std::{future::Future, pin::Pin};

use calibr_model::{
    Role,
    views::{PricePushStatus, PricePushView},
};
use leptos::prelude::*;

use super::{DRAFT, PushStores, StoreList};
use crate::{
    api::{self, ApiError},
    components::ui::{Button, Checkbox, Dialog, Icon, Look, Note},
    routes,
    state::{Address, Ask, Drafts, FormState, Project, Query, Toast, Toasts},
    text::{
        number::{counted, grouped},
        words::Tone,
    },
};

type Answer = Pin<Box<dyn Future<Output = Result<PricePushView, ApiError>>>>;

/// What can be done with the push as it stands.
#[component]
pub(crate) fn PushActions(
    /// The push.
    push: Query<PricePushView>,
    /// Its stores.
    stores: PushStores,
    /// Shows what goes wrong.
    form: FormState,
) -> impl IntoView {
    let project = expect_context::<Project>();
    let address = expect_context::<Address>();
    let toasts = expect_context::<Toasts>();
    let drafts = expect_context::<Drafts>();
    let ask = Ask::here();
    let confirming = RwSignal::new(false);
    let send_refused = RwSignal::new(false);
    if !project.allows(Role::Editor) {
        return ().into_any();
    }
    let send = move |request: Answer, then: Box<dyn FnOnce(PricePushView)>| {
        if !form.busy.get_untracked() {
            form.reset();
            form.send(ask, request, then);
        }
    };
    let held = move || push.with_untracked(|push| push.cloned());
    let apply = move || {
        let Some(PricePushView {
            id,
            hash: Some(hash),
            ..
        }) = held()
        else {
            return;
        };
        let refused = send_refused.get_untracked();
        let request = api::prices::apply_price_push(project.slug(), id, hash, refused);
        confirming.set(false);
        send(
            Box::pin(request),
            Box::new(move |applied| {
                drafts.of(DRAFT).clear();
                let prices = counted(applied.items_planned, "price is", "prices are");
                toasts.show(Toast::good(format!("{prices} on the way")));
                address.amend(&[("show", ""), ("cursor", "")]);
                push.amend(|push| *push = applied);
            }),
        );
    };
    let discard = move || {
        let Some(PricePushView { id, applied_at, .. }) = held() else {
            return;
        };
        let request = api::prices::discard_price_push(project.slug(), id);
        send(
            Box::pin(request),
            Box::new(move |now| {
                let words = match applied_at {
                    Some(_) => "What was not sent yet is thrown away",
                    None => "The preview is thrown away",
                };
                toasts.show(Toast::good(words));
                push.amend(|push| *push = now);
            }),
        );
    };
    let revert = move || {
        let Some(PricePushView { id, .. }) = held() else {
            return;
        };
        let request = api::prices::revert_price_push(project.slug(), id);
        send(
            Box::pin(request),
            Box::new(move |back| {
                address.go(&routes::price_push(project.slug().as_str(), back.id));
            }),
        );
    };
    let stands = Memo::new(move |_| {
        push.with(|push| {
            push.map(|push| {
                let taken = push.items_observed + push.items_accepted;
                (push.status, push.items_planned, taken)
            })
        })
    });
    let refused =
        Memo::new(move |_| push.with(|push| push.map_or(0, PricePushView::items_refused_in_trial)));
    let any_refused = Memo::new(move |_| refused.get() > 0);
    let refused_words = move || {
        let refused = refused.get();
        let (were, are) = match refused {
            1 => ("price was", "It is"),
            _ => ("prices were", "They are"),
        };
        let rest = match send_refused.get() {
            true => String::new(),
            false => format!(" {are} left out."),
        };
        format!("{} {were} refused in the trial.{rest}", grouped(refused))
    };
    let checking =
        Memo::new(move |_| push.with(|push| push.is_some_and(PricePushView::is_being_checked)));
    let left_out = move |store| {
        if send_refused.get() {
            return 0;
        }
        push.with(|push| {
            let mut checks = push.into_iter().flat_map(|push| &push.checks);
            let check = checks.find(|check| check.integration_id == store);
            check.map_or(0, |check| check.items_refused)
        })
    };
    let going = Memo::new(move |_| {
        let planned = stands.get().map_or(0, |(_, planned, _)| planned);
        match send_refused.get() {
            true => planned,
            false => planned - refused.get(),
        }
    });
    let apply_words = Signal::derive(move || match going.get() {
        0 => "Apply".to_owned(),
        going => format!("Apply {}", counted(going, "price", "prices")),
    });
    let buttons = move || {
        match stands.get() {
        Some((PricePushStatus::Preview, planned, _)) => view! {
            <Button label="Throw away" busy=form.busy on_click=discard />
            {(planned > 0)
                .then(|| {
                    view! {
                        <Button
                            label=apply_words
                            look=Look::Primary
                            busy=form.busy
                            on_click=move || confirming.set(true)
                        />
                    }
                })}
        }
        .into_any(),
        Some((PricePushStatus::Queued | PricePushStatus::Pushing, ..)) => {
            view! { <Button label="Stop the rest" icon=Icon::Stop busy=form.busy on_click=discard /> }
                .into_any()
        }
        Some((PricePushStatus::Done | PricePushStatus::Partial, _, 1..)) => {
            view! { <Button label="Take back" icon=Icon::Undo busy=form.busy on_click=revert /> }
                .into_any()
        }
        _ => ().into_any(),
    }
    };
    view! {
        {buttons}
        <Dialog open=confirming title=Signal::derive(move || format!("{}?", apply_words.get()))>
            <div class="grid min-h-0 gap-4 overflow-y-auto px-6 pb-6">
                <p>"The stores get these prices at once:"</p>
                <StoreList stores applied=false left_out />
                <Show when=move || any_refused.get()>
                    <Note tone=Tone::Warn>
                        <p class="mb-2">{refused_words}</p>
                        <Checkbox label="Send them all the same" value=send_refused />
                    </Note>
                </Show>
                <Show when=move || checking.get()>
                    <p class="text-quiet">"The check is not finished; it ends when you apply."</p>
                </Show>
                <p class="text-quiet">
                    "Each is read back from its store. Where a price has moved since this preview, nothing is sent."
                </p>
                <div class="flex flex-wrap justify-end gap-2">
                    <Button label="Cancel" look=Look::Quiet on_click=move || confirming.set(false) />
                    <Button
                        label=apply_words
                        look=Look::Primary
                        disabled=Signal::derive(move || going.get() == 0)
                        on_click=apply
                    />
                </div>
            </div>
        </Dialog>
    }
    .into_any()
}
