//! The REST API's description, made of the handlers themselves.

use axum::Router;
use calibr_model::views::ProductSort;
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        ContentBuilder, OpenApi, Ref, RefOr, Response,
        security::{ApiKey, ApiKeyValue, SecurityScheme},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    problem::{PROBLEM_JSON, ProblemDetails},
    rest,
    state::AppState,
};

/// The routes, by what stands around them.
pub(crate) struct Routes {
    /// Those that count towards the limit of requests.
    pub(crate) counted: Router<AppState>,
    /// Those that let somebody in.
    pub(crate) sign_in: Router<AppState>,
    /// Those that take a large body.
    pub(crate) uploads: Router<AppState>,
    /// Those that platforms call.
    pub(crate) platforms: Router<AppState>,
    /// Those that platforms send messages to.
    pub(crate) webhooks: Router<AppState>,
    /// Those that stay open.
    pub(crate) streams: Router<AppState>,
    /// Those that watchers ask all the time.
    pub(crate) health: Router<AppState>,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Calibr Console",
        description = "What Calibr Console does for other programs. JSON both ways; times are RFC 3339 in UTC; \
                       money is an integer of minor units and a currency. Lists come in pages: hand `next_cursor` \
                       back as `cursor`. Failures are problems (RFC 9457). Sign in with `POST /api/auth/login` and \
                       send the cookie it sets. Unless the operator says otherwise, 100 requests a minute are answered for a \
                       signed-in person or an address, and 10 sign-ins a minute for an address; `X-RateLimit-Limit`, `-Remaining` and \
                       `-Reset` (in seconds) say where that stands.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemDetails, ProductSort)),
    modifiers(&Session),
    tags(
        (name = "sessions", description = "Signing in and out."),
        (name = "integrations", description = "Connected stores."),
        (name = "syncs", description = "Sync runs and what they could not bring through."),
        (name = "catalogue", description = "Products and listings."),
        (name = "webhooks", description = "Messages that platforms send."),
        (name = "prices", description = "Setting prices, and what became of them."),
        (name = "events", description = "What happens in a project, as it happens."),
        (name = "one-click connect", description = "Consent on the platform's own page; for browsers."),
        (name = "health", description = "For watchers."),
    )
)]
struct Description;

/// The cookie that signs in.
struct Session;

impl Modify for Session {
    fn modify(&self, openapi: &mut OpenApi) {
        let cookie = ApiKeyValue::with_description(
            "calibr_session",
            "Set by `POST /api/auth/login`. Over https its name begins with `__Host-`.",
        );
        if let Some(components) = &mut openapi.components {
            components
                .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        }
    }
}

/// Adds the answer that every operation may give instead of its own.
fn add_problems(description: &mut OpenApi) {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDetails")));
    let mut response = Response::new("A problem (RFC 9457).");
    response
        .content
        .insert(PROBLEM_JSON.to_owned(), RefOr::T(content.build()));
    if let Some(components) = &mut description.components {
        components
            .responses
            .insert("Problem".to_owned(), RefOr::T(response));
    }
    for item in description.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.post,
            &mut item.put,
            &mut item.patch,
            &mut item.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let problem = RefOr::Ref(Ref::from_response_name("Problem"));
            operation
                .responses
                .responses
                .insert("default".to_owned(), problem);
        }
    }
}

/// The routes and their description.
pub(crate) fn split() -> (Routes, OpenApi) {
    let counted = OpenApiRouter::new()
        .routes(routes!(rest::auth::logout))
        .routes(routes!(rest::auth::me))
        .routes(routes!(rest::platforms::list))
        .routes(routes!(
            rest::integrations::list,
            rest::integrations::connect
        ))
        .routes(routes!(
            rest::integrations::get,
            rest::integrations::disconnect
        ))
        .routes(routes!(rest::integrations::test))
        .routes(routes!(rest::settings::get, rest::settings::patch))
        .routes(routes!(rest::settings::export))
        .routes(routes!(rest::settings::put_credentials))
        .routes(routes!(rest::syncs::list, rest::syncs::start))
        .routes(routes!(rest::syncs::metrics))
        .routes(routes!(rest::syncs::export))
        .routes(routes!(rest::syncs::get))
        .routes(routes!(rest::syncs::cancel))
        .routes(routes!(rest::failures::list))
        .routes(routes!(rest::failures::groups))
        .routes(routes!(rest::failures::expunge_all))
        .routes(routes!(rest::failures::get))
        .routes(routes!(rest::failures::expunge))
        .routes(routes!(rest::failures::parked))
        .routes(routes!(rest::failures::unpark))
        .routes(routes!(rest::retries::plan))
        .routes(routes!(rest::retries::retry))
        .routes(routes!(rest::retries::preview_prices))
        .routes(routes!(rest::webhooks::get))
        .routes(routes!(rest::webhooks::recreate))
        .routes(routes!(rest::webhooks::deliveries))
        .routes(routes!(rest::webhooks::delivery))
        .routes(routes!(rest::webhooks::redeliver))
        .routes(routes!(rest::products::list))
        .routes(routes!(rest::listings::list))
        .routes(routes!(rest::listings::sales))
        .routes(routes!(rest::listings::competitors))
        .routes(routes!(rest::prices::list, rest::prices::preview))
        .routes(routes!(rest::prices::get, rest::prices::discard))
        .routes(routes!(rest::prices::items))
        .routes(routes!(rest::prices::check, rest::prices::stop_check))
        .routes(routes!(rest::prices::apply))
        .routes(routes!(rest::prices::revert))
        .routes(routes!(rest::prices::ledger, rest::prices::set))
        .routes(routes!(rest::prices::changes))
        .routes(routes!(
            rest::prices::guardrails,
            rest::prices::set_guardrails
        ))
        .routes(routes!(rest::conflicts::list))
        .routes(routes!(rest::conflicts::resolve))
        .routes(routes!(rest::conflicts::resolve_one))
        .routes(routes!(rest::conflicts::undo))
        .routes(routes!(rest::oauth::start))
        .routes(routes!(rest::oauth::callback));
    let uploads = OpenApiRouter::new().routes(routes!(rest::prices::import));
    let sign_in = OpenApiRouter::new().routes(routes!(rest::auth::login));
    let platforms = OpenApiRouter::new().routes(routes!(rest::oauth::deliver));
    let webhooks = OpenApiRouter::new().routes(routes!(rest::webhooks::take));
    let streams = OpenApiRouter::new().routes(routes!(rest::events::stream));
    let health = OpenApiRouter::new()
        .routes(routes!(rest::health::health))
        .routes(routes!(rest::health::live))
        .routes(routes!(rest::health::ready));

    let mut description = Description::openapi();
    let mut part = |router: OpenApiRouter<AppState>| {
        let (router, of_part) = router.split_for_parts();
        description.merge(of_part);
        router
    };
    let routes = Routes {
        sign_in: part(sign_in),
        counted: part(counted),
        uploads: part(uploads),
        platforms: part(platforms),
        webhooks: part(webhooks),
        streams: part(streams),
        health: part(health),
    };
    add_problems(&mut description);
    (routes, description)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, env, fs, path::Path};

    use super::*;

    #[test]
    fn the_description_in_docs_is_the_servers() {
        let checked_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
        let mut now = split().1.to_pretty_json().unwrap();
        now.push('\n');
        if env::var_os("UPDATE_OPENAPI").is_some() {
            fs::write(&checked_in, &now).unwrap();
        }
        let then = fs::read_to_string(&checked_in).unwrap_or_default();
        assert!(
            then == now,
            "docs/openapi.json is stale; renew it: UPDATE_OPENAPI=1 cargo test -p calibr-server the_description"
        );
    }

    #[test]
    fn every_operation_says_what_it_is_for_and_where_it_belongs() {
        let description = split().1;
        let mut ids = BTreeSet::new();
        for (path, item) in &description.paths.paths {
            let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
            for operation in operations.into_iter().flatten() {
                assert!(operation.summary.is_some(), "{path} has no summary");
                assert!(
                    operation.tags.as_ref().is_some_and(|tags| tags.len() == 1),
                    "{path} has no tag"
                );
                assert!(path.starts_with("/api/"), "{path}");
                assert!(
                    ids.insert(operation.operation_id.as_deref()),
                    "{path} has another one's id"
                );
            }
        }
    }
}
