//! Looking at what others ask: beside the runs, within the platform's rate.

use std::time::Duration;

use calibr_connectors::{ConnectorError, Fault, prices::ListingRef};
use calibr_model::{IntegrationId, ProjectId, platform::Capability, status::IntegrationStatus};
use calibr_store::{
    StoreError, TenantTx,
    competitors::{SeenOffer, WatchedListing},
};
use chrono::TimeDelta;
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use serde::{Deserialize, Serialize};

use crate::{Engine, error::EngineError};

/// Offers that were looked at within this are not looked at again.
const FRESH: TimeDelta = TimeDelta::hours(20);

/// Calls that one job makes before it makes room for others.
const CALLS: usize = 5;

/// How long the next job waits where there is more to look at.
const PAUSE: Duration = Duration::from_secs(10);

/// How long it waits after a platform that did not answer.
const AFTER_FAULT: Duration = Duration::from_secs(15 * 60);

/// Looks at the competitors of some listings of an integration.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct CompetitorsJob {
    project: ProjectId,
    integration: IntegrationId,
}

impl TaskHandler for CompetitorsJob {
    const IDENTIFIER: &'static str = "competitors";

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(engine) = context.get_ext::<Engine>() else {
            return Err("the worker was started without an engine".to_owned());
        };
        self.look(engine).await.map_err(|error| error.to_string())
    }
}

impl CompetitorsJob {
    /// Looks, and asks for the next job where there is more.
    async fn look(self, engine: &Engine) -> Result<(), EngineError> {
        let wait = match self.look_at_some(engine).await {
            Ok(false) => return Ok(()),
            Ok(true) => PAUSE,
            Err(EngineError::Connector(fault)) if fault.is_retryable() => wait_after(&fault),
            // A person has to see to the store first: the run that follows begins
            // this anew.
            Err(error @ (EngineError::Connector(_) | EngineError::Disconnected)) => {
                tracing::info!(%error, integration = %self.integration, "no offers were read");
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut tx = engine.settings.db.tenant(self.project).await?;
        self.enqueue(&mut tx, engine, wait).await?;
        Ok(tx.commit().await?)
    }

    /// Whether there is more to look at.
    async fn look_at_some(self, engine: &Engine) -> Result<bool, EngineError> {
        let db = &engine.settings.db;
        let integration = db
            .tenant(self.project)
            .await?
            .integration(self.integration)
            .await?
            .filter(|integration| integration.status != IntegrationStatus::Disconnected)
            .ok_or(EngineError::Disconnected)?;
        let store = engine.settings.keeper().open(&integration)?;
        let Some(source) = store.competitors() else {
            return Ok(false);
        };
        for _ in 0..CALLS {
            let now = engine.settings.sources.now();
            let listings = db
                .tenant(self.project)
                .await?
                .listings_to_watch(self.integration, now - FRESH, source.batch_size())
                .await?;
            if listings.is_empty() {
                return Ok(false);
            }
            let refs: Vec<ListingRef> = listings.iter().map(reference).collect();
            let offers = tokio::select! {
                offers = source.offers(&refs) => offers?,
                () = engine.stopping.cancelled() => return Ok(true),
            };
            let seen: Vec<SeenOffer> = listings
                .iter()
                .zip(offers)
                .flat_map(|(listing, offers)| {
                    offers.into_iter().map(|offer| SeenOffer {
                        listing: listing.id,
                        seller: calibr_connectors::text::clean(offer.seller),
                        price: offer.price,
                        shipping_minor: offer
                            .shipping
                            .filter(|shipping| shipping.currency == offer.price.currency)
                            .map(|shipping| shipping.amount_minor),
                        featured: offer.featured,
                    })
                })
                .collect();
            let looked: Vec<_> = listings.iter().map(|listing| listing.id).collect();
            let mut tx = db.tenant(self.project).await?;
            tx.keep_offers(self.integration, &looked, &seen, now)
                .await?;
            tx.commit().await?;
        }
        Ok(true)
    }

    async fn enqueue(
        self,
        tx: &mut TenantTx,
        engine: &Engine,
        wait: Duration,
    ) -> Result<(), StoreError> {
        let payload = serde_json::json!({
            "project": self.project, "integration": self.integration,
        });
        let key = format!("competitors:{}", self.integration);
        let at = engine.settings.sources.now() + wait;
        tx.enqueue(Self::IDENTIFIER, &payload, &key, Some(at)).await
    }
}

/// Has the competitors of an integration's listings looked at, where the
/// platform tells of them.
pub(crate) async fn begin(
    tx: &mut TenantTx,
    engine: &Engine,
    integration: IntegrationId,
) -> Result<(), StoreError> {
    let platform = tx.integration(integration).await?.map(|it| it.platform);
    let tells = platform
        .and_then(|platform| engine.settings.registry.get(&platform))
        .is_some_and(|connector| connector.info().can(Capability::CompetitorPrices));
    if !tells {
        return Ok(());
    }
    let job = CompetitorsJob {
        project: tx.project(),
        integration,
    };
    job.enqueue(tx, engine, Duration::ZERO).await
}

fn wait_after(fault: &ConnectorError) -> Duration {
    match fault.fault {
        Fault::Throttled => fault.retry_after.unwrap_or(AFTER_FAULT),
        _ => AFTER_FAULT,
    }
}

fn reference(listing: &WatchedListing) -> ListingRef {
    ListingRef {
        external_id: listing.external_id.clone(),
        product_external_id: listing.external_product_id.clone(),
        sku: listing.sku.clone(),
    }
}
