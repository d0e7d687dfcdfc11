use std::future::Future;

use leptos::server_fn::{Http, Protocol, client::Client, codec::Json, server::Server};
use serde::{Serialize, de::DeserializeOwned};

use super::ApiError;

/// JSON both ways by `POST`, as server functions do by themselves. What differs
/// is the browser's half: sending and receiving is one piece of code for all
/// functions instead of one for each, which takes a seventh off the download.
#[derive(Debug)]
pub struct JsonPost;

impl<Input, Output, C, S> Protocol<Input, Output, C, S, ApiError> for JsonPost
where
    Input: Serialize + DeserializeOwned + Send,
    Output: Serialize + DeserializeOwned + Send,
    C: Client<ApiError>,
    S: Server<ApiError>,
{
    const METHOD: http::Method = http::Method::POST;

    async fn run_server<F, Fut>(request: S::Request, server_fn: F) -> Result<S::Response, ApiError>
    where
        F: Fn(Input) -> Fut + Send,
        Fut: Future<Output = Result<Output, ApiError>> + Send,
    {
        type Plain = Http<Json, Json>;
        let answer =
            <Plain as Protocol<Input, Output, C, S, ApiError>>::run_server(request, server_fn);
        #[cfg(feature = "ssr")]
        let answer = async { answer.await.map_err(crate::server::told) };
        answer.await
    }

    #[cfg(feature = "csr")]
    async fn run_client(path: &str, input: Input) -> Result<Output, ApiError> {
        let answer = super::browser::post(path, written(&input)).await?;
        read(&answer)
    }

    #[cfg(not(feature = "csr"))]
    async fn run_client(_path: &str, _input: Input) -> Result<Output, ApiError> {
        Err(ApiError::unreachable())
    }
}

/// One for each kind of request, however many places send it.
#[cfg(feature = "csr")]
#[inline(never)]
fn written<Input: Serialize>(input: &Input) -> Option<String> {
    serde_json::to_string(input).ok()
}

/// One for each kind of answer, however many functions give it.
#[cfg(feature = "csr")]
#[inline(never)]
pub(super) fn read<Output: DeserializeOwned>(answer: &str) -> Result<Output, ApiError> {
    super::reading::read(answer).ok_or_else(ApiError::unreadable)
}
