//! What a merchant does on the store's consent page, done over HTTP.

use calibr_connectors::transport::{Outbound, Request, Transport};
use calibr_model::Sources;
use url::Url;

use crate::error::ServerError;

/// Opens the consent page, fills `answer` in beside what the page was asked with, and agrees; gives the query that
/// the store sends the browser back with.
///
/// # Errors
/// [`ServerError`] in words where the store does not play along.
pub(super) async fn give(
    page: &str,
    answer: &[(&str, &str)],
    sources: &Sources,
) -> Result<Vec<(String, String)>, ServerError> {
    let outbound = Outbound {
        allow: "127.0.0.1".parse()?,
        ..Outbound::default()
    };
    let transport = Transport::new(outbound, sources.clone())?;
    let page: Url = page
        .parse()
        .map_err(|_| refused("its consent page has no address"))?;
    let shown = transport.send(Request::get(page.clone())).await?;
    if !shown.status.is_success() {
        return Err(refused(&format!(
            "its consent page answers {}",
            shown.status
        )));
    }
    let asked: Vec<(String, String)> = page.query_pairs().into_owned().collect();
    let mut form: Vec<(&str, &str)> = asked
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    form.extend(answer);
    let agreed = transport
        .send(Request::post_form(page.clone(), form))
        .await?;
    let back: Option<Url> = agreed
        .header("location")
        .and_then(|location| location.parse().ok());
    let back =
        back.ok_or_else(|| refused(&format!("agreeing is answered with {}", agreed.status)))?;
    Ok(back.query_pairs().into_owned().collect())
}

fn refused(what: &str) -> ServerError {
    ServerError::DemoStore(format!("the store did not let itself be connected: {what}"))
}
