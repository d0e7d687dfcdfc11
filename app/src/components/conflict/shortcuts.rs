use calibr_model::views::ConflictSide;
use leptos::{ev, leptos_dom::helpers::window_event_listener, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::{Inbox, standing::Standing};
use crate::{
    components::ui::{Dialog, Look, Switch},
    state::Announcer,
};

/// Where it is kept that single keys are switched off.
const STORAGE_KEY: &str = "calibr-single-keys";

/// What has a use of its own for a key.
const TAKES_KEYS: &str =
    "input:not([type=checkbox]), textarea, select, [contenteditable], dialog, [popover]";

/// Each key, and what it does.
const KEYS: [(&[&str], &str); 7] = [
    (&["j", "↓"], "Go to the next conflict"),
    (&["k", "↑"], "Go to the one before"),
    (&["x"], "Select it"),
    (&["o"], "Keep Calibr's"),
    (&["t"], "Keep the store's"),
    (&["u"], "Undo the last decision"),
    (&["?"], "Show these shortcuts"),
];

/// Works through the inbox by single keys, and lists them.
#[component]
pub(crate) fn Shortcuts(
    /// What they act on.
    inbox: Inbox,
) -> impl IntoView {
    let announcer = expect_context::<Announcer>();
    let open = RwSignal::new(false);
    let (on, set_on) = signal(!is_off());
    let on_current = move |act: &dyn Fn(calibr_model::ConflictId)| match Standing::now()
        .and_then(|at| at.conflict())
    {
        Some(id) => act(id),
        None => announcer.say("Go to a conflict first, with J or K."),
    };
    let decide = move |side| {
        on_current(&|id| {
            let at = Standing::now();
            inbox.decide(id, side);
            // The next one is at hand while the server works.
            Standing::step(at, 1);
        });
    };
    let toggle = move |id| {
        if let Some(conflict) = untrack(|| inbox.conflict(id)) {
            inbox.selection.toggle(&conflict);
        }
    };
    let press = move |event: ev::KeyboardEvent| {
        let combined = event.ctrl_key() || event.meta_key() || event.alt_key();
        if combined || event.default_prevented() || is_taken(&event) {
            return;
        }
        match event.key().as_str() {
            "ArrowDown" | "ArrowUp" if Standing::now().is_none() => return,
            "ArrowDown" => Standing::step(Standing::now(), 1),
            "ArrowUp" => Standing::step(Standing::now(), -1),
            _ if !on.get_untracked() => return,
            "?" => open.set(true),
            "j" => Standing::step(Standing::now(), 1),
            "k" => Standing::step(Standing::now(), -1),
            _ if !inbox.may => return,
            "x" => on_current(&toggle),
            "o" => decide(ConflictSide::Ours),
            "t" => decide(ConflictSide::Theirs),
            "u" => inbox.undo_last(),
            _ => return,
        }
        event.prevent_default();
    };
    let keys = window_event_listener(ev::keydown, press);
    on_cleanup(move || keys.remove());
    let switch = move |now: bool| {
        set_on.set(now);
        // A browser that keeps nothing still does as it is told until it is closed.
        let _kept = storage().map(|storage| match now {
            true => storage.remove_item(STORAGE_KEY),
            false => storage.set_item(STORAGE_KEY, "off"),
        });
    };
    view! {
        <button
            type="button"
            class=format!("{} max-md:hidden", Look::Plain.class())
            on:click=move |_| open.set(true)
        >
            <kbd class="kbd" aria-hidden="true">"?"</kbd>
            "Shortcuts"
        </button>
        <Dialog open title="Keyboard shortcuts">
            <div class="grid min-h-0 gap-5 overflow-y-auto px-6 pb-6">
                <Keys may=inbox.may />
                <Switch
                    label="Single keys"
                    help="Switch them off where other software uses the same keys. Arrow keys go on working."
                    on
                    on_change=switch
                />
            </div>
        </Dialog>
    }
}

#[component]
fn Keys(may: bool) -> impl IntoView {
    let line = |(keys, what): &(&'static [&'static str], &'static str)| {
        let keys = keys
            .iter()
            .map(|key| view! { <kbd class="kbd">{*key}</kbd> });
        view! {
            <div class="flex items-center justify-between gap-4 border-b border-line py-2">
                <dt>{*what}</dt>
                <dd class="flex gap-1.5">{keys.collect_view()}</dd>
            </div>
        }
    };
    // Who may not decide goes through them all the same.
    let shown = KEYS
        .iter()
        .filter(move |(keys, _)| may || matches!(keys, ["j" | "k" | "?", ..]));
    view! { <dl>{shown.map(line).collect_view()}</dl> }
}

/// Whether the key is for what has the focus, or something lies over the page.
fn is_taken(event: &ev::KeyboardEvent) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    let takes = |element: Element| matches!(element.closest(TAKES_KEYS), Ok(Some(_)));
    let covered = document().query_selector("dialog[open]").ok().flatten();
    target.is_some_and(takes) || covered.is_some()
}

fn is_off() -> bool {
    let kept = storage().and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
    kept.is_some()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
