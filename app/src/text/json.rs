//! JSON as people read it.

use js_sys::JSON;
use wasm_bindgen::JsValue;

/// JSON set in lines, where it is whole; anything else as it is.
pub(crate) fn indented(text: &str) -> String {
    let set = JSON::parse(text).and_then(|value| {
        JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from(2))
    });
    set.map_or_else(|_| text.to_owned(), String::from)
}
