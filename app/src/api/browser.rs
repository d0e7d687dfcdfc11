//! Sending a server function's call from the browser.

use std::{future::Future, pin::Pin};

use leptos::prelude::window;
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, Response};

use super::ApiError;

/// The answer's body, of whatever function. Boxed, so that all calls share it.
pub(super) fn post(
    path: &str,
    body: Option<String>,
) -> Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send>> {
    post_as(path, "application/json", body.map(JsValue::from))
}

/// The same with a body that is no JSON, such as a file.
pub(super) fn post_as(
    path: &str,
    content_type: &str,
    body: Option<JsValue>,
) -> Pin<Box<dyn Future<Output = Result<String, ApiError>> + Send>> {
    let sent = body.map(|body| send(path, content_type, &body));
    Box::pin(SendWrapper::new(async move {
        let sent = sent.ok_or_else(ApiError::unreadable)?.map_err(cut)?;
        let response = JsFuture::from(sent).await.map_err(cut)?;
        let response: Response = response.dyn_into().map_err(cut)?;
        let text = JsFuture::from(response.text().map_err(cut)?)
            .await
            .map_err(cut)?;
        let text = text.as_string().unwrap_or_default();
        if response.ok() {
            Ok(text)
        } else {
            Err(ApiError::read(&text))
        }
    }))
}

fn send(path: &str, content_type: &str, body: &JsValue) -> Result<js_sys::Promise, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", content_type)?;
    headers.set("accept", "application/json")?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(body);
    Ok(window().fetch_with_str_and_init(path, &request))
}

fn cut(_error: JsValue) -> ApiError {
    ApiError::unreachable()
}
