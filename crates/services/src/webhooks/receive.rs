//! Taking a message: whoever sends it waits for the answer, so it is verified
//! and kept, and a worker does the rest.

use calibr_connectors::{
    transport::redact,
    webhooks::{Delivery, Received, WebhookEvent, WebhookRefusal},
};
use calibr_engine::{enqueue_messages, to_keep};
use calibr_model::{
    IntegrationId, PlatformId, Problem, ProjectId, WebhookDeliveryId,
    status::IntegrationStatus,
    views::{DeliveryState, MeaningKind, SignatureResult, WebhookMeaning},
};
use calibr_store::{
    TenantTx,
    webhooks::{Kept, NewDelivery, NotTaken},
};
use chrono::TimeDelta;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::Services;

/// The longest message that is taken, in bytes: a product of the largest kind,
/// with its description.
pub const LONGEST_MESSAGE: usize = 4 * 1024 * 1024;

/// How long ago what a message tells of may have happened. The same message is
/// known again for longer than that.
const BELIEVED: TimeDelta = TimeDelta::days(7);

/// How much of a message's body is kept, in bytes.
const LONGEST_PAYLOAD: usize = 64 * 1024;

/// The longest topic that is kept, in characters.
const LONGEST_TOPIC: usize = 200;

/// Why a message is not taken.
#[derive(Debug)]
pub enum NotReceived {
    /// There is no such integration of that platform.
    Unknown,
    /// The integration was disconnected: nothing is wanted any more.
    Disconnected,
    /// It is not signed, or not by whom it should be.
    NotGenuine,
    /// It is signed, and makes no sense.
    Malformed(String),
    /// It could not be kept; the same may go through later.
    Failed(Problem),
}

impl<E: Into<Problem>> From<E> for NotReceived {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Takes a message for an integration. One that came before, or that tells of
/// what is long past, is well received, and nothing is done. Nobody is signed
/// in: what proves a message is its signature.
///
/// # Errors
/// [`NotReceived`].
pub async fn receive(
    services: &Services,
    platform: &PlatformId,
    integration: IntegrationId,
    message: Delivery,
) -> Result<(), NotReceived> {
    let receiver = services
        .connector(platform)
        .ok()
        .and_then(|connector| connector.webhook_receiver())
        .ok_or(NotReceived::Unknown)?;
    let mut tx = services.db.system().await?;
    let project = tx.project_of_integration(integration).await?;
    drop(tx);
    let project = project.ok_or(NotReceived::Unknown)?;
    let secrets = secrets(
        services,
        (project, integration),
        platform,
        receiver.secret_field(),
    )
    .await?;
    let taken = Taken {
        services,
        project,
        integration,
        message: &message,
    };
    match receiver.receive(&message, &secrets) {
        Ok(Received::Ping) => {
            tracing::debug!(%integration, "a platform tried the address out");
            Ok(())
        }
        Ok(Received::Event(event)) => taken.keep(event).await,
        Err(WebhookRefusal::NotGenuine) => {
            let why = "It is not signed with this integration's secret.";
            taken.refuse(SignatureResult::Invalid, why).await?;
            Err(NotReceived::NotGenuine)
        }
        Err(WebhookRefusal::TooOld) => {
            taken
                .refuse(SignatureResult::Valid, "It is too old to be believed.")
                .await
        }
        Err(WebhookRefusal::Malformed(why)) => {
            let why = format!("It cannot be read: {why}.");
            taken.refuse(SignatureResult::Valid, &why).await?;
            Err(NotReceived::Malformed(why))
        }
    }
}

/// The secrets that may have signed a message for a connected integration,
/// newest first.
async fn secrets(
    services: &Services,
    (project, id): (ProjectId, IntegrationId),
    platform: &PlatformId,
    field: Option<&str>,
) -> Result<Vec<SecretString>, NotReceived> {
    let mut tx = services.db.tenant(project).await?;
    let integration = tx.integration(id).await?.ok_or(NotReceived::Unknown)?;
    if integration.platform != *platform {
        return Err(NotReceived::Unknown);
    }
    if integration.status == IntegrationStatus::Disconnected {
        return Err(NotReceived::Disconnected);
    }
    let mut secrets = services.vault.webhook_secrets(&mut tx, id).await?;
    if let Some(field) = field
        && let Some(credentials) = services.vault.open(&mut tx, id).await?
    {
        secrets.extend(credentials.get(field).cloned());
    }
    Ok(secrets)
}

/// A message and where it belongs.
struct Taken<'a> {
    services: &'a Services,
    project: ProjectId,
    integration: IntegrationId,
    message: &'a Delivery,
}

impl Taken<'_> {
    async fn keep(&self, event: WebhookEvent) -> Result<(), NotReceived> {
        let now = self.message.received_at;
        if event.happened_at.is_some_and(|at| now - at > BELIEVED) {
            let why = "It tells of what is long past; a sync reads that better.";
            return self.refuse(SignatureResult::Valid, why).await;
        }
        let topic: String = event.topic.chars().take(LONGEST_TOPIC).collect();
        let means = to_keep(event.means);
        let payload = self.payload(&means);
        let new = NewDelivery {
            id: self.services.sources.id(),
            integration: self.integration,
            topic: &topic,
            dedupe_key: Some(Sha256::digest(&event.dedupe_key).into()),
            happened_at: event.happened_at,
            means: &means,
            size_bytes: self.size(),
            payload: payload.as_deref(),
            replay_of: None,
        };
        let mut tx = self.services.db.tenant(self.project).await?;
        match tx.add_delivery(&new, now).await? {
            Kept::Queued => enqueue_messages(&mut tx, self.integration).await?,
            Kept::Duplicate => {
                let not_taken = NotTaken {
                    topic: Some(&topic),
                    state: DeliveryState::Duplicate,
                    ..self.not_taken(SignatureResult::Valid, "The same message had come before.")
                };
                tx.note_not_taken(&not_taken, now).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn refuse(&self, signature: SignatureResult, why: &str) -> Result<(), NotReceived> {
        let mut tx: TenantTx = self.services.db.tenant(self.project).await?;
        let not_taken = self.not_taken(signature, why);
        tx.note_not_taken(&not_taken, self.message.received_at)
            .await?;
        tx.commit().await?;
        tracing::info!(integration = %self.integration, why, "a message was not taken");
        Ok(())
    }

    fn not_taken<'a>(&self, signature: SignatureResult, why: &'a str) -> NotTaken<'a> {
        NotTaken {
            id: self.services.sources.id::<WebhookDeliveryId>(),
            integration: self.integration,
            topic: None,
            signature,
            state: DeliveryState::Refused,
            why,
            size_bytes: self.size(),
        }
    }

    fn size(&self) -> i64 {
        i64::try_from(self.message.body.len()).unwrap_or(i64::MAX)
    }

    /// What may be kept of the body: of the catalogue a redacted part, of orders,
    /// which name people, nothing.
    fn payload(&self, means: &WebhookMeaning) -> Option<String> {
        match means.kind {
            MeaningKind::CatalogueChanged | MeaningKind::ProductDeleted => {
                Some(redact::body(&self.message.body, LONGEST_PAYLOAD))
            }
            MeaningKind::OrdersChanged | MeaningKind::AccessRevoked | MeaningKind::Other => None,
        }
    }
}
