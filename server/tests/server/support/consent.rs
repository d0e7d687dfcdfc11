//! What an owner's browser does on a platform's consent page.

use url::Url;

use super::{Answer, Client, PROJECT};

/// Begins a one-click connect in the owner's browser; gives the consent page's address.
pub(crate) async fn begin(client: &Client, platform: &str, fields: &[(&str, &str)]) -> Url {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("project", PROJECT).extend_pairs(fields);
    let start = format!("/api/oauth/{platform}/start?{}", query.finish());
    let start = client.get(&start).await;
    assert_eq!(start.status, 303, "{}", start.text());
    start.header("location").parse().unwrap()
}

/// Opens the consent page, fills `fields` in beside what it was asked with, and sends its form.
pub(crate) async fn send(client: &Client, consent: &Url, fields: &[(&str, &str)]) -> Answer {
    let page = client.get(consent.as_str()).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let mut form: Vec<(String, String)> = consent.query_pairs().into_owned().collect();
    form.extend(
        fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    );
    client.post_form(consent.as_str(), &form).await
}

/// The same; gives where the browser is sent back to.
pub(crate) async fn answer(client: &Client, consent: &Url, fields: &[(&str, &str)]) -> String {
    let answered = send(client, consent, fields).await;
    assert_eq!(answered.status, 302, "{}", answered.text());
    answered.header("location").to_owned()
}

/// The integration that the integrations page is told of.
pub(crate) fn connected(back: &Answer) -> String {
    let location = back.header("location");
    location
        .strip_prefix(&format!("/p/{PROJECT}/integrations?connected="))
        .unwrap_or_else(|| panic!("not connected: {location} {}", back.text()))
        .to_owned()
}

/// What the integrations page is told where the connect did not come through.
pub(crate) fn complaint(back: &Answer) -> String {
    let location = back.header("location");
    let url: Url = format!("http://console{location}").parse().unwrap();
    let message = url.query_pairs().find(|(name, _)| name == "connect_error");
    message
        .unwrap_or_else(|| panic!("no complaint: {location}"))
        .1
        .into_owned()
}
