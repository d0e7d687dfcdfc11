//! Testing a connection with what is saved.

use calibr_connectors::{ConnectorError, StoreIdentity};
use calibr_engine::EngineError;
use calibr_model::{
    IntegrationId, Problem, ProblemKind, Role, status::IntegrationStatus, views::ConnectionTest,
};
use calibr_store::integrations::IntegrationRecord;

use super::{changed, connect::told, missing};
use crate::{Actor, Services};

/// Asks the store with the saved credentials, refreshed where that is due. A
/// store that refuses is no problem: the test says so, and the integration's
/// status with it. One that answers is connected again.
///
/// # Errors
/// `forbidden` below editor; `not-found`; `conflict` where it is disconnected.
pub async fn test(
    services: &Services,
    actor: &Actor,
    id: IntegrationId,
) -> Result<ConnectionTest, Problem> {
    actor.must_be(Role::Editor, "test a connection")?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    let integration = tx.integration(id).await?.ok_or_else(missing)?;
    drop(tx);
    if integration.status == IntegrationStatus::Disconnected {
        return Err(Problem::new(
            ProblemKind::Conflict,
            format!("{} is disconnected. Reconnect it first.", integration.name),
        ));
    }
    // A platform that this version does not know is told as such.
    services.connector(&integration.platform)?;
    let answer = match services.webhooks.open(&integration) {
        Ok(store) => store.identify().await,
        Err(EngineError::Connector(error)) => Err(error),
        Err(error) => return Err(error.into()),
    };
    note(services, &integration, &answer).await?;
    Ok(told(answer.as_ref()))
}

/// Keeps what the answer says of the integration as a whole. What may pass by
/// itself says nothing.
async fn note(
    services: &Services,
    integration: &IntegrationRecord,
    answer: &Result<StoreIdentity, ConnectorError>,
) -> Result<(), Problem> {
    let now = services.sources.now();
    let mut tx = services.db.tenant(integration.project).await?;
    match answer {
        Ok(identity) => {
            tx.integration_answered(
                integration.id,
                identity.currency,
                &identity.api_version,
                now,
            )
            .await?;
        }
        Err(error) => {
            let status = error.fault.integration_status();
            let Some(status) = status.filter(|_| !error.is_retryable()) else {
                return Ok(());
            };
            tx.set_integration_status(integration.id, status, Some(&error.message), now)
                .await?;
        }
    }
    changed(tx, integration.id).await?;
    Ok(())
}
