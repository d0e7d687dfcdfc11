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
    let sent = body.map(|body| send(path, &body));
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

fn send(path: &str, body: &str) -> Result<js_sys::Promise, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("accept", "application/json")?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(&headers);
    request.set_body(&JsValue::from_str(body));
    Ok(window().fetch_with_str_and_init(path, &request))
}

fn cut(_error: JsValue) -> ApiError {
    ApiError::unreachable()
}
