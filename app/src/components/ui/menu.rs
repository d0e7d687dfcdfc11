use leptos::{ev, html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::{Glyph, Icon, unique_id};

/// The open menu, for its items to close.
#[derive(Clone, Copy)]
struct Popover(NodeRef<html::Div>);

impl Popover {
    fn close(self) {
        if let Some(menu) = self.0.get_untracked() {
            let _closed = menu.hide_popover();
        }
    }
}

/// A button that opens a list of things to do, on the browser's own popover: Esc
/// and a click beside it close it, arrow keys go through it.
#[component]
pub(crate) fn Menu(
    /// What the button opens, for listeners.
    #[prop(into)]
    label: Signal<String>,
    /// The button's classes.
    class: &'static str,
    /// Whether the button's face has words: then they are its name.
    #[prop(optional)]
    worded: bool,
    /// Whether the button is as wide as high.
    #[prop(optional)]
    square: bool,
    /// Whether the button is for rows.
    #[prop(optional)]
    small: bool,
    /// What the button shows.
    #[prop(into)]
    face: ViewFn,
    /// The items.
    children: Children,
) -> impl IntoView {
    let menu_id = unique_id("menu");
    let menu: NodeRef<html::Div> = NodeRef::new();
    let button: NodeRef<html::Button> = NodeRef::new();
    let expanded = RwSignal::new(false);

    // Fired before it opens and before it closes; placing it twice is harmless.
    let place = move |_: web_sys::Event| {
        if let (Some(button), Some(menu)) = (button.get_untracked(), menu.get_untracked()) {
            put_beside(&button, &menu);
        }
    };
    let toggled = move |_| {
        let is_open = menu
            .get_untracked()
            .is_some_and(|menu| menu.matches(":popover-open") == Ok(true));
        expanded.set(is_open);
        if is_open
            && let Some(first) = menu
                .get_untracked()
                .and_then(|menu| items(&menu).into_iter().next())
        {
            let _focused = first.focus();
        }
    };
    let press = move |event: ev::KeyboardEvent| {
        let Some(menu) = menu.get_untracked() else {
            return;
        };
        let items = items(&menu);
        let active = document().active_element();
        let now = items
            .iter()
            .position(|item| Some(item.as_ref()) == active.as_ref());
        let last = items.len().saturating_sub(1);
        let next = match (event.key().as_str(), now) {
            ("ArrowDown", Some(now)) if now < last => now + 1,
            ("ArrowUp", Some(now)) if now > 0 => now - 1,
            ("ArrowUp" | "End", _) => last,
            ("ArrowDown" | "Home", _) => 0,
            _ => return,
        };
        event.prevent_default();
        if let Some(item) = items.get(next) {
            let _focused = item.focus();
        }
    };

    provide_context(Popover(menu));
    let items = children();
    view! {
        <button
            node_ref=button
            type="button"
            class=class
            data-shape=square.then_some("square")
            data-size=small.then_some("small")
            aria-label=move || (!worded).then(|| label.get())
            aria-haspopup="menu"
            aria-expanded=move || if expanded.get() { "true" } else { "false" }
            popovertarget=menu_id.clone()
        >
            {face.run()}
        </button>
        <div
            node_ref=menu
            id=menu_id
            class="menu"
            popover="auto"
            role="menu"
            aria-label=move || label.get()
            on:beforetoggle=place
            on:toggle=toggled
            on:keydown=press
        >
            {items}
        </div>
    }
}

/// One thing to do.
#[component]
pub(crate) fn MenuItem(
    /// Its words.
    #[prop(into)]
    label: Signal<String>,
    /// The picture before them.
    #[prop(into)]
    icon: Signal<Icon>,
    /// Whether it takes something away.
    #[prop(optional)]
    danger: bool,
    /// Whether it is the one in force, in a menu of which one is.
    #[prop(optional, into)]
    checked: Option<Signal<bool>>,
    /// What it does.
    #[prop(into)]
    on_click: Callback<()>,
) -> impl IntoView {
    let popover = expect_context::<Popover>();
    let checked_word = move || checked.map(|checked| if checked.get() { "true" } else { "false" });
    let mark = move || {
        let class = "ml-auto";
        let shown = checked.is_some_and(|checked| checked.get());
        shown.then(|| view! { <Glyph icon=Icon::Check class /> })
    };
    view! {
        <button
            type="button"
            class="menu-item"
            role=if checked.is_some() { "menuitemradio" } else { "menuitem" }
            tabindex="-1"
            data-danger=danger.then_some("")
            aria-checked=checked_word
            on:click=move |_| {
                popover.close();
                on_click.run(());
            }
        >
            <Glyph icon />
            <span class="min-w-0 truncate">{move || label.get()}</span>
            {mark}
        </button>
    }
}

/// One place to go to.
#[component]
pub(crate) fn MenuLink(
    /// Its address.
    #[prop(into)]
    href: String,
    /// What it shows.
    children: Children,
) -> impl IntoView {
    let popover = expect_context::<Popover>();
    view! {
        <a
            class="menu-item"
            role="menuitem"
            tabindex="-1"
            href=href
            on:click=move |_| popover.close()
        >
            {children()}
        </a>
    }
}

fn items(menu: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(nodes) = menu.query_selector_all("[role^='menuitem']") else {
        return Vec::new();
    };
    let node = |index| nodes.item(index)?.dyn_into::<HtmlElement>().ok();
    (0..nodes.length()).filter_map(node).collect()
}

/// Below the button, or above it where there is more room; flush with the side
/// of the page that is nearer.
fn put_beside(button: &HtmlElement, menu: &HtmlElement) {
    // Whole pixels: writing fractions out is a lot of code.
    const GAP: i32 = 4;
    let edges = button.get_bounding_client_rect();
    let (top, bottom) = (edges.top() as i32, edges.bottom() as i32);
    let (left, right) = (edges.left() as i32, edges.right() as i32);
    let Some(page) = document().document_element() else {
        return;
    };
    let (width, height) = (page.client_width(), page.client_height());
    let style = menu.style();
    let set = |side: &str, value: Option<i32>| {
        let value = match value {
            Some(value) => format!("{}px", value.max(GAP)),
            None => "auto".to_owned(),
        };
        let _set = style.set_property(side, &value);
    };
    let below = bottom < height * 3 / 5;
    set("top", below.then_some(bottom + GAP));
    set("bottom", (!below).then_some(height - top + GAP));
    let from_left = (left + right) / 2 < width / 2;
    set("left", from_left.then_some(left));
    set("right", (!from_left).then_some(width - right));
}
