//! Connecting by consent on the platform's own page.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use calibr_connectors::{
    CallSettings, ConnectorError, CredentialSet, Fault, OneClick, OneClickCallback, OneClickRequest,
};
use calibr_model::{
    IntegrationId, PlatformId, Problem, ProblemKind, ProjectSlug, Role, UserId,
    form::check_fields,
    views::{IntegrationView, OneClickStart},
};
use calibr_store::connect_attempts::{ConnectAttempt, SealedDelivery};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use url::Url;

use super::{
    connect::{IfConnected, keep, prove},
    missing,
};
use crate::{Actor, Services};

/// How long a person may stay on the platform's consent page.
const LASTS: TimeDelta = TimeDelta::minutes(15);

/// A store that is connected now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneClickDone {
    /// The project's address.
    pub project_slug: ProjectSlug,
    /// The integration.
    pub integration_id: IntegrationId,
}

/// A connect that did not come through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneClickFailed {
    /// The project it was begun in; `None` where nothing here began it.
    pub project_slug: Option<ProjectSlug>,
    /// What went wrong and what to do.
    pub problem: Problem,
}

impl OneClickFailed {
    fn nowhere(problem: impl Into<Problem>) -> Self {
        Self {
            project_slug: None,
            problem: problem.into(),
        }
    }
}

/// Begins a connect, or a reconnect of `reconnect`; the browser goes to the
/// address that comes back.
///
/// # Errors
/// `forbidden` below admin; `invalid` with the fields at fault; `unavailable`
/// where this installation is not set up for it.
pub async fn start_one_click(
    services: &Services,
    actor: &Actor,
    platform: PlatformId,
    fields: BTreeMap<String, String>,
    reconnect: Option<IntegrationId>,
) -> Result<OneClickStart, Problem> {
    actor.must_be(Role::Admin, "connect a store")?;
    let info = services.connector(&platform)?.info();
    let one_click = one_click(services, &platform)?;
    let fields =
        check_fields("one_click", &info.one_click_fields, &fields).map_err(Problem::invalid)?;
    let state = URL_SAFE_NO_PAD.encode(services.sources.bytes::<32>());
    let page = one_click.start(&OneClickRequest {
        fields: fields.clone(),
        redirect_uri: redirect_uri(services, &platform)?,
        state: state.clone(),
    })?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(actor.project.id).await?;
    if let Some(id) = reconnect {
        tx.integration(id).await?.ok_or_else(missing)?;
    }
    let attempt = ConnectAttempt {
        id: digest(&state),
        project: actor.project.id,
        user: actor.user,
        platform,
        fields,
        integration: reconnect,
        expires_at: now + LASTS,
    };
    tx.add_connect_attempt(&attempt, now).await?;
    tx.commit().await?;
    Ok(OneClickStart {
        redirect_to: page.into(),
    })
}

/// The browser came back. The state it brings works once, for the person who
/// began, and for a quarter of an hour.
///
/// # Errors
/// [`OneClickFailed`] with the project to go back to, where one is known.
pub async fn complete_one_click(
    services: &Services,
    user: UserId,
    platform: PlatformId,
    query: Vec<(String, String)>,
) -> Result<OneClickDone, OneClickFailed> {
    let (attempt, delivery) = take_attempt(services, user, &platform, &query)
        .await
        .map_err(OneClickFailed::nowhere)?;
    let actor = services
        .actor_in(user, attempt.project)
        .await
        .map_err(OneClickFailed::nowhere)?;
    let project_slug = actor.project.slug.clone();
    match complete(services, &actor, attempt, delivery, query).await {
        Ok(integration) => Ok(OneClickDone {
            project_slug,
            integration_id: integration.id,
        }),
        Err(problem) => Err(OneClickFailed {
            project_slug: Some(project_slug),
            problem,
        }),
    }
}

/// A platform delivers credentials from server to server while the person is
/// still on its page. They are kept, sealed, until the browser comes back; of
/// several deliveries the last one counts, since a platform that was not
/// answered takes its credentials back and delivers others. The state is all
/// that proves them; where they belong is asked of the store when they are
/// tried.
///
/// # Errors
/// `invalid` where it is no such delivery or the credentials may do too little;
/// `not-found` where nobody waits for it. The platform takes the credentials
/// back then.
pub async fn receive_delivery(
    services: &Services,
    platform: &PlatformId,
    body: &[u8],
) -> Result<(), Problem> {
    let delivered = one_click(services, platform)?
        .receive(body)
        .map_err(|error| {
            tracing::warn!(%platform, fault = error.fault.code(), "a delivery of credentials was refused");
            Problem::new(ProblemKind::Invalid, error.message)
        })?;
    let attempt = digest(&delivered.state);
    let mut tx = services.db.system().await?;
    let project = tx.project_of_connect_attempt(&attempt).await?;
    drop(tx);
    let project = project.ok_or_else(|| nobody_waits(platform))?;
    let sealed = services
        .vault
        .seal_delivery(project, &attempt, &delivered.credentials)?;
    let now = services.sources.now();
    let mut tx = services.db.tenant(project).await?;
    if !tx.keep_delivery(&attempt, platform, &sealed, now).await? {
        return Err(nobody_waits(platform));
    }
    tx.commit().await?;
    tracing::info!(%project, %platform, "a store delivered its credentials");
    Ok(())
}

async fn take_attempt(
    services: &Services,
    user: UserId,
    platform: &PlatformId,
    query: &[(String, String)],
) -> Result<(ConnectAttempt, Option<SealedDelivery>), Problem> {
    let state = one_click(services, platform)?.state_of(query);
    let state = state.ok_or_else(not_ours)?;
    let mut tx = services.db.system().await?;
    let taken = tx.take_connect_attempt(&digest(state), user).await?;
    tx.commit().await?;
    taken
        .filter(|(attempt, _)| attempt.platform == *platform)
        .ok_or_else(not_ours)
}

async fn complete(
    services: &Services,
    actor: &Actor,
    attempt: ConnectAttempt,
    delivery: Option<SealedDelivery>,
    query: Vec<(String, String)>,
) -> Result<IntegrationView, Problem> {
    actor.must_be(Role::Admin, "connect a store")?;
    let now = services.sources.now();
    if attempt.expires_at <= now {
        return Err(Problem::new(
            ProblemKind::Conflict,
            "The consent took longer than 15 minutes, so its answer no longer counts. Connect the \
             store again.",
        ));
    }
    let connector = services.connector(&attempt.platform)?;
    let delivered: Option<CredentialSet> = delivery
        .map(|sealed| {
            let vault = &services.vault;
            vault.open_delivery(attempt.project, &attempt.id, sealed)
        })
        .transpose()?;
    let callback = OneClickCallback {
        query,
        started_with: attempt.fields,
        redirect_uri: redirect_uri(services, &attempt.platform)?,
        received_at: now,
        delivered,
    };
    let connection = one_click(services, &attempt.platform)?
        .complete(&callback)
        .await?;
    let proven = prove(
        connector,
        connection.config,
        connection.credentials,
        &CallSettings::default(),
    )
    .await?;
    if let Some(id) = attempt.integration {
        let mut tx = services.db.tenant(actor.project.id).await?;
        let integration = tx.integration(id).await?.ok_or_else(missing)?;
        proven.must_be(&integration)?;
    }
    // What the platform gave before is dead from now on.
    keep(services, actor, &proven, "", IfConnected::Replace).await
}

fn one_click<'a>(
    services: &'a Services,
    platform: &PlatformId,
) -> Result<&'a dyn OneClick, Problem> {
    let connector = services.connector(platform)?;
    connector.one_click().ok_or_else(|| {
        Problem::new(
            ProblemKind::Unavailable,
            format!(
                "This console is not set up to connect {} by consent. Connect it by hand with \
                 credentials, or ask whoever runs the console to register it as an app.",
                connector.info().name
            ),
        )
    })
}

fn redirect_uri(services: &Services, platform: &PlatformId) -> Result<Url, Problem> {
    services
        .public_url
        .join(&format!("/api/oauth/{platform}/callback"))
        .map_err(|error| {
            tracing::error!(%error, "PUBLIC_URL cannot be the base of an address");
            ConnectorError::new(
                Fault::Config,
                "The console's own public address is not usable; tell whoever runs it.",
            )
            .into()
        })
}

fn digest(state: &str) -> Vec<u8> {
    Sha256::digest(state).to_vec()
}

fn not_ours() -> Problem {
    Problem::new(
        ProblemKind::Conflict,
        "This answer was not asked for here, was used already, or belongs to another person's \
         sign-in. Nothing was connected. Start again with Connect.",
    )
}

fn nobody_waits(platform: &PlatformId) -> Problem {
    tracing::warn!(%platform, "credentials were delivered that nobody waits for");
    Problem::new(
        ProblemKind::NotFound,
        "Nobody waits for these credentials: the connect that they are for was not begun here, took \
         longer than 15 minutes, or is over. Begin to connect again in the console.",
    )
}
