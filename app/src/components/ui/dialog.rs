use leptos::{ev, html, prelude::*};

use super::{Button, Icon, Look, Size, unique_id};

/// What a dialog looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DialogKind {
    /// A card over the page; a sheet on a phone.
    #[default]
    Card,
    /// The command palette: without a title bar, near the top.
    Palette,
    /// A drawer at the left edge: without a title bar.
    Drawer,
}

/// Something that must be dealt with before the page goes on, on the browser's
/// own `<dialog>`: it holds the focus and gives it back. Esc closes it; so does a
/// click beside it, unless something was typed.
#[component]
pub(crate) fn Dialog(
    /// Whether it is open. Closing sets it.
    open: RwSignal<bool>,
    /// Its title, also for listeners where no bar shows it.
    #[prop(into)]
    title: Signal<String>,
    /// What it looks like.
    #[prop(optional)]
    kind: DialogKind,
    /// Whether a click beside it must not close it.
    #[prop(optional, into)]
    dirty: Signal<bool>,
    /// What is in it; made when it opens.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog: NodeRef<html::Dialog> = NodeRef::new();
    let title_id = unique_id("dialog");

    Effect::new(move |_| {
        let open = open.get();
        let Some(dialog) = dialog.get() else { return };
        if open && !dialog.open() {
            let _shown = dialog.show_modal();
        } else if !open && dialog.open() {
            dialog.close();
        }
    });

    // The dialog's own box is its frame: a press on it alone is beside the
    // content. Judged by where the press began, so that selecting text in an
    // input and letting go outside closes nothing.
    let press = move |event: ev::MouseEvent| {
        let Some(dialog) = dialog.get_untracked() else {
            return;
        };
        let edges = dialog.get_bounding_client_rect();
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let inside = (edges.left()..=edges.right()).contains(&x)
            && (edges.top()..=edges.bottom()).contains(&y);
        // A choice in a select's list reports no place at all.
        let somewhere = x != 0.0 || y != 0.0;
        if !inside && somewhere && !dirty.get_untracked() {
            open.set(false);
        }
    };

    let bar = (kind == DialogKind::Card).then(|| {
        view! {
            <header class="flex items-start justify-between gap-4 px-6 pt-5 pb-3">
                <h2 id=title_id.clone() class="text-lg">{move || title.get()}</h2>
                <div class="-mt-1 -mr-2">
                    <Button
                        label="Close"
                        icon=Icon::Close
                        icon_only=true
                        look=Look::Quiet
                        size=Size::Small
                        on_click=move || open.set(false)
                    />
                </div>
            </header>
        }
    });
    let labelled_by = bar.is_some().then(|| title_id.clone());
    let label = move || (kind != DialogKind::Card).then(|| title.get());

    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            data-kind=match kind {
                DialogKind::Card => None,
                DialogKind::Palette => Some("palette"),
                DialogKind::Drawer => Some("drawer"),
            }
            aria-labelledby=labelled_by
            aria-label=label
            on:close=move |_| open.set(false)
            on:mousedown=press
        >
            {bar}
            <Show when=move || open.get()>{children()}</Show>
        </dialog>
    }
}
