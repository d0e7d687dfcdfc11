use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Gives the focus to the first element that fits, once what was just changed
/// stands on the page.
pub(crate) fn focus_soon(selector: String) {
    request_animation_frame(move || focus(&selector));
}

/// Gives the focus to the first element that fits, where there is one.
pub(crate) fn focus(selector: &str) {
    let element = document().query_selector(selector).ok().flatten();
    if let Some(element) = element.and_then(|one| one.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _focused = element.focus();
    }
}
