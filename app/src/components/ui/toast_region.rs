use leptos::prelude::*;

use super::{Button, Each, Glyph, Icon, Look, Size};
use crate::{
    state::{Announcer, Toast, Toasts},
    text::words::Tone,
};

/// Where short messages stand, and where the page speaks to listeners.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let toasts = expect_context::<Toasts>();
    let announcer = expect_context::<Announcer>();
    let list = move |bad: bool| {
        let ids = Memo::new(move |_| {
            toasts.shown.with(|shown| {
                let fits = |(_, toast): &&(u128, Toast)| (toast.tone == Tone::Bad) == bad;
                shown
                    .iter()
                    .filter(fits)
                    .map(|(number, _)| *number)
                    .collect::<Vec<_>>()
            })
        });
        let card = move |number| {
            let held = toasts.shown.with_untracked(|shown| {
                let (_, toast) = shown.iter().find(|(held, _)| *held == number)?;
                Some(toast.clone())
            });
            held.map(
                |toast| view! { <ToastCard toast on_dismiss=move || toasts.dismiss(number) /> },
            )
            .into_any()
        };
        view! { <Each ids view=card /> }
    };
    view! {
        <section
            aria-label="Notifications"
            class="pointer-events-none fixed right-0 bottom-0 z-50 grid w-full max-w-md gap-2 p-4"
        >
            <div class="grid gap-2" role="alert">{list(true)}</div>
            <div class="grid gap-2" role="status">{list(false)}</div>
            <p class="sr-only" aria-live="polite">{move || announcer.said.get()}</p>
        </section>
    }
}

#[component]
fn ToastCard(toast: Toast, #[prop(into)] on_dismiss: Callback<()>) -> impl IntoView {
    let Toast {
        tone,
        title,
        detail,
        action,
    } = toast;
    let (icon, color) = match tone {
        Tone::Good => (Icon::CheckCircle, "text-good"),
        Tone::Warn => (Icon::Alert, "text-warn"),
        Tone::Bad => (Icon::Alert, "text-bad"),
        Tone::Neutral | Tone::Info => (Icon::Info, "text-link"),
    };
    view! {
        <div class="pointer-events-auto flex gap-3 rounded-card border border-line bg-raised p-4 shadow-3">
            <span class=format!("mt-0.5 {color}")>
                <Glyph icon class="size-5" />
            </span>
            <div class="min-w-0 flex-1">
                <p class="font-medium wrap-anywhere">{title}</p>
                {detail.map(|detail| view! { <p class="mt-0.5 text-sm text-quiet wrap-anywhere">{detail}</p> })}
                {action
                    .map(|action| {
                        view! {
                            <button
                                type="button"
                                class="link mt-1.5"
                                on:click=move |_| {
                                    on_dismiss.run(());
                                    action.run.run(());
                                }
                            >
                                {action.label}
                            </button>
                        }
                    })}
            </div>
            <div class="-mt-1 -mr-1">
                <Button
                    label="Dismiss"
                    icon=Icon::Close
                    icon_only=true
                    look=Look::Quiet
                    size=Size::Small
                    on_click=on_dismiss
                />
            </div>
        </div>
    }
}
