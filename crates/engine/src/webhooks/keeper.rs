//! Keeping subscriptions as they are wanted.

use std::{sync::Arc, time::Duration};

use calibr_connectors::{
    Connector, ConnectorError, Registry, Store,
    webhooks::{Subscription, WebhookTarget},
};
use calibr_model::{
    IntegrationId, PlatformId, ProjectId, Sources,
    event::ProjectEvent,
    status::IntegrationStatus,
    views::{SubscriptionState, WebhookSubscriptionView},
};
use calibr_store::{Db, integrations::IntegrationRecord, webhooks::SubscriptionInput};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use secrecy::SecretString;
use url::Url;

use crate::{CredentialVault, StoredCredentials, calls, error::EngineError};

/// Calls to one store at a time.
const AT_ONCE: usize = 4;

/// How long a comparison may take: as long as the turn at it lasts.
const LONGEST_CHECK: Duration = Duration::from_secs(60);

/// Keeps the subscriptions of stores as they are wanted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WebhookKeeper {
    /// The database.
    pub db: Db,
    /// The platforms.
    pub registry: Registry,
    /// Seals and opens secrets.
    pub vault: Arc<CredentialVault>,
    /// Time and randomness.
    pub sources: Sources,
    /// Where platforms reach this console, where they do.
    pub reached_at: Option<Url>,
}

/// What a comparison of wanted with live came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// Subscriptions that were missing or no longer sent, and do now.
    pub mended: usize,
    /// Wanted topics that still do not send.
    pub amiss: usize,
}

impl WebhookKeeper {
    /// Where a store's messages are to go, where they can come at all.
    pub fn address(&self, platform: &PlatformId, integration: IntegrationId) -> Option<Url> {
        let path = path(platform, integration);
        self.reached_at.as_ref()?.join(&path).ok()
    }

    /// Whether a platform sends messages.
    pub fn sends(&self, platform: &PlatformId) -> bool {
        let connector = self.registry.get(platform);
        connector.is_some_and(|connector| connector.webhook_receiver().is_some())
    }

    /// A store to work with, by its saved credentials. Makes no call.
    ///
    /// # Errors
    /// [`EngineError::NoConnector`]; [`EngineError::Connector`].
    pub fn open(&self, integration: &IntegrationRecord) -> Result<Arc<dyn Store>, EngineError> {
        let connector: &Arc<dyn Connector> = self
            .registry
            .get(&integration.platform)
            .ok_or_else(|| EngineError::NoConnector(integration.platform.to_string()))?;
        let credentials = StoredCredentials::new(
            self.db.clone(),
            Arc::clone(&self.vault),
            Arc::clone(connector),
            (integration.project, integration.id),
            integration.config.clone(),
        );
        let calls = calls::of(&self.db, integration);
        Ok(connector.open_tuned(&integration.config, &calls, Arc::new(credentials))?)
    }

    /// Compares what is wanted with what the store has, and makes it so:
    /// subscribes to what is missing, anew to what no longer sends, and ends
    /// those of this integration that go to an earlier address or are too many.
    /// Subscriptions of others are not touched. `afresh` makes all of them anew,
    /// with a secret of their own. `None` while another, here or on another
    /// replica, is at it.
    ///
    /// What the platform refuses is noted with the topic, and is no error.
    ///
    /// # Errors
    /// [`EngineError`] where the database or the saved secrets are at fault;
    /// [`EngineError::WebhooksTookTooLong`] where the store does not answer in a minute.
    pub async fn check(
        &self,
        project: ProjectId,
        id: IntegrationId,
        afresh: bool,
    ) -> Result<Option<Checked>, EngineError> {
        let mut tx = self.db.tenant(project).await?;
        let turn = tx
            .take_webhook_turn(id, LONGEST_CHECK.as_secs_f64())
            .await?;
        tx.commit().await?;
        let Some(until) = turn else {
            return Ok(None);
        };
        let checked = tokio::time::timeout(LONGEST_CHECK, self.check_alone(project, id, afresh))
            .await
            .unwrap_or(Err(EngineError::WebhooksTookTooLong));
        let mut tx = self.db.tenant(project).await?;
        tx.end_webhook_turn(id, until).await?;
        tx.commit().await?;
        checked.map(Some)
    }

    async fn check_alone(
        &self,
        project: ProjectId,
        id: IntegrationId,
        afresh: bool,
    ) -> Result<Checked, EngineError> {
        let mut tx = self.db.tenant(project).await?;
        let Some(integration) = tx.integration(id).await? else {
            return Ok(Checked::default());
        };
        let is_connected = integration.status != IntegrationStatus::Disconnected;
        let address = self
            .address(&integration.platform, id)
            .filter(|_| is_connected && self.sends(&integration.platform));
        let Some(address) = address else {
            return Ok(Checked::default());
        };
        let store = self.open(&integration)?;
        let Some(target) = store.webhooks() else {
            return Ok(Checked::default());
        };
        let known = tx.subscriptions(id).await?;
        let secret = match self
            .vault
            .webhook_secrets(&mut tx, id)
            .await?
            .into_iter()
            .next()
        {
            Some(secret) if !afresh => secret,
            _ => self.vault.new_webhook_secret(&mut tx, id).await?,
        };
        tx.commit().await?;

        let at_store = AtStore {
            target,
            path: path(&integration.platform, id),
            address,
            secret,
            known: known.clone(),
        };
        let (found, mended) = at_store.make_so(afresh).await;
        let amiss = found
            .iter()
            .filter(|one| one.state != SubscriptionState::Active)
            .count();
        let mut tx = self.db.tenant(project).await?;
        let Some(integration) = tx.hold_integration(id).await? else {
            return Ok(Checked::default());
        };
        if integration.status == IntegrationStatus::Disconnected {
            return Ok(Checked::default());
        }
        tx.keep_subscriptions(id, &found, self.sources.now())
            .await?;
        if is_news(&known, &found) {
            tx.notify(ProjectEvent::IntegrationChanged {
                integration_id: id,
                status: integration.status,
            })
            .await?;
        }
        tx.commit().await?;
        if mended > 0 || amiss > 0 {
            tracing::info!(
                %project, integration = %id, mended, amiss, "looked after the webhooks of a store"
            );
        }
        Ok(Checked { mended, amiss })
    }

    /// Ends the subscriptions of an integration that is about to be
    /// disconnected, as well as that goes.
    pub async fn withdraw(&self, integration: &IntegrationRecord) {
        if !self.sends(&integration.platform) {
            return;
        }
        let Ok(store) = self.open(integration) else {
            return;
        };
        let Some(target) = store.webhooks() else {
            return;
        };
        let own = path(&integration.platform, integration.id);
        let live = match target.subscriptions().await {
            Ok(live) => live,
            Err(error) => {
                tracing::info!(integration = %integration.id, %error, "the webhooks of a store stay there");
                return;
            }
        };
        end(target, live.iter().filter(|one| is_own(one, &own))).await;
    }
}

/// The path of an integration's messages, which no other has.
fn path(platform: &PlatformId, integration: IntegrationId) -> String {
    format!("/api/webhooks/{platform}/{integration}")
}

fn is_own(subscription: &Subscription, path: &str) -> bool {
    Url::parse(&subscription.address).is_ok_and(|address| address.path() == path)
}

fn is_news(before: &[WebhookSubscriptionView], now: &[SubscriptionInput]) -> bool {
    before.len() != now.len()
        || now.iter().any(|one| {
            let before = before.iter().find(|before| before.topic == one.topic);
            before.is_none_or(|before| before.state != one.state || before.error != one.error)
        })
}

async fn end(target: &dyn WebhookTarget, ended: impl Iterator<Item = &Subscription>) {
    let calls: Vec<BoxFuture<'_, ()>> = ended
        .map(|one| end_one(target, &one.external_id).boxed())
        .collect();
    stream::iter(calls)
        .buffer_unordered(AT_ONCE)
        .collect::<()>()
        .await;
}

async fn end_one(target: &dyn WebhookTarget, external_id: &str) {
    if let Err(error) = target.unsubscribe(external_id).await {
        tracing::info!(external_id, %error, "a webhook could not be ended");
    }
}

/// A store's subscriptions, and what is wanted of it.
struct AtStore<'a> {
    target: &'a dyn WebhookTarget,
    path: String,
    address: Url,
    secret: SecretString,
    known: Vec<WebhookSubscriptionView>,
}

impl AtStore<'_> {
    /// How things are afterwards, and how many subscriptions were made.
    async fn make_so(&self, afresh: bool) -> (Vec<SubscriptionInput>, usize) {
        let live = match self.target.subscriptions().await {
            Ok(live) => live,
            Err(error) => return (self.cannot_be_read(&error), 0),
        };
        let own: Vec<Subscription> = live
            .into_iter()
            .filter(|one| is_own(one, &self.path))
            .collect();
        let mut kept: Vec<&Subscription> = Vec::new();
        for one in own.iter().filter(|one| !afresh && self.is_good(one)) {
            if !kept.iter().any(|kept| kept.topic == one.topic) {
                kept.push(one);
            }
        }
        // First: some platforms refuse a second one of the same topic and address.
        // What happens in between is read by the run that follows.
        let ended = own
            .iter()
            .filter(|one| !kept.iter().any(|kept| kept.external_id == one.external_id));
        end(self.target, ended).await;
        let topics = self.target.topics();
        let calls: Vec<BoxFuture<'_, (SubscriptionInput, bool)>> = topics
            .iter()
            .map(|topic| {
                let there = kept.iter().find(|one| one.topic == **topic);
                self.see_to(topic, there.copied()).boxed()
            })
            .collect();
        let found: Vec<_> = stream::iter(calls).buffered(AT_ONCE).collect().await;
        let mended = found.iter().filter(|(_, is_new)| *is_new).count();
        (found.into_iter().map(|(one, _)| one).collect(), mended)
    }

    /// Whether a subscription of our own stays: one that nobody here knows was
    /// made with a secret that is not known either.
    fn is_good(&self, one: &Subscription) -> bool {
        one.active
            && one.address == self.address.as_str()
            && self
                .known
                .iter()
                .any(|known| known.external_id.as_deref() == Some(one.external_id.as_str()))
    }

    async fn see_to(&self, topic: &str, there: Option<&Subscription>) -> (SubscriptionInput, bool) {
        let as_found = |state, external_id, error| SubscriptionInput {
            topic: topic.to_owned(),
            state,
            external_id,
            address: self.address.to_string(),
            error,
        };
        if let Some(there) = there {
            let id = Some(there.external_id.clone());
            return (as_found(SubscriptionState::Active, id, None), false);
        }
        let made = self
            .target
            .subscribe(topic, &self.address, &self.secret)
            .await;
        match made {
            Ok(made) => {
                let state = if made.active {
                    SubscriptionState::Active
                } else {
                    SubscriptionState::Inactive
                };
                (as_found(state, Some(made.external_id), None), made.active)
            }
            Err(error) => (
                as_found(SubscriptionState::Missing, None, Some(error.message)),
                false,
            ),
        }
    }

    /// Nothing is known anew but that it could not be seen.
    fn cannot_be_read(&self, error: &ConnectorError) -> Vec<SubscriptionInput> {
        let topics = self.target.topics().iter();
        topics
            .map(|topic| {
                let known = self.known.iter().find(|known| known.topic == **topic);
                SubscriptionInput {
                    topic: (*topic).to_owned(),
                    state: known.map_or(SubscriptionState::Missing, |known| known.state),
                    external_id: known.and_then(|known| known.external_id.clone()),
                    address: self.address.to_string(),
                    error: Some(error.message.clone()),
                }
            })
            .collect()
    }
}
