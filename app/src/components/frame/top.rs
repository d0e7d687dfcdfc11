use leptos::prelude::*;

use super::Palette;
use crate::{
    api,
    components::ui::{Breadcrumb, Button, Glyph, Icon, Look, Menu, MenuItem, ThemeMenu},
    state::{Ask, Cache, Drafts, Session, Toast, Toasts, Unsaved},
};

/// The bar over every page: where one is, the palette, the theme, oneself.
#[component]
pub(crate) fn Top(
    /// Whether the drawer is open; its button shows on a phone.
    drawer: RwSignal<bool>,
) -> impl IntoView {
    let palette = expect_context::<Palette>();
    view! {
        <header class="sticky top-0 z-20 flex h-(--bar) items-center gap-2 border-b border-line bg-panel px-3 sm:px-6">
            <div class="lg:hidden">
                <Button
                    label="Open navigation"
                    icon=Icon::Menu
                    icon_only=true
                    look=Look::Quiet
                    on_click=move || drawer.set(true)
                />
            </div>
            <Breadcrumb />
            <button
                type="button"
                class="input hidden w-60 items-center gap-2 border-line text-left text-faint hover:border-edge md:flex"
                on:click=move |_| palette.open()
            >
                <Glyph icon=Icon::Search />
                <span class="flex-1">"Find anything"</span>
                <kbd class="kbd">{if on_apple() { "⌘K" } else { "Ctrl K" }}</kbd>
            </button>
            <div class="md:hidden">
                <Button
                    label="Find anything"
                    icon=Icon::Search
                    icon_only=true
                    look=Look::Quiet
                    on_click=move || palette.open()
                />
            </div>
            <ThemeMenu />
            <UserMenu />
        </header>
    }
}

/// Whether the keys are those of an Apple machine.
fn on_apple() -> bool {
    let agent = window().navigator().user_agent().unwrap_or_default();
    agent.contains("Mac") || agent.contains("iPhone") || agent.contains("iPad")
}

#[component]
fn UserMenu() -> impl IntoView {
    let me = expect_context::<Session>().me();
    let sign_out = sign_out();
    let (name, email) = me.map(|me| (me.name, me.email)).unwrap_or_default();
    let initials: String = name
        .split(' ')
        .filter_map(|word| word.chars().next())
        .take(2)
        .collect();
    let face = move || {
        view! {
            <span
                class="grid size-8 place-items-center rounded-full bg-shape text-xs font-semibold uppercase"
                aria-hidden="true"
            >
                {initials.clone()}
            </span>
            <span class="sr-only">"Account"</span>
        }
    };
    view! {
        <Menu label="Account" worded=true class="rounded-full" face>
            <div class="px-2.5 pt-1.5 pb-2" role="presentation">
                <p class="truncate font-medium" dir="auto">{name}</p>
                <p class="truncate text-sm text-quiet">{email}</p>
            </div>
            <div class="menu-line" role="separator"></div>
            <MenuItem label="Sign out" icon=Icon::SignOut on_click=sign_out />
        </Menu>
    }
}

/// Ends the session and forgets what was read and typed in it; asks first where
/// something is not saved.
pub(super) fn sign_out() -> impl Fn() + Copy + Send + Sync + 'static {
    let session = expect_context::<Session>();
    let cache = expect_context::<Cache>();
    let drafts = expect_context::<Drafts>();
    let toasts = expect_context::<Toasts>();
    let ask = Ask::here();
    let unsaved = expect_context::<Unsaved>();
    let leave = move || {
        ask.send(api::account::sign_out(), move |answer| match answer {
            Ok(()) => {
                cache.clear();
                drafts.clear();
                session.signed_out();
            }
            Err(problem) => toasts.show(Toast::bad("You are still signed in", problem.detail)),
        });
    };
    move || unsaved.pass(None, leave)
}
