//! Sending prices to a store and seeing what it has.

use async_trait::async_trait;
use calibr_model::{
    Money,
    status::{FailureClass, FailureKind},
};

use crate::{
    catalogue::{Checkpoint, ItemFault},
    error::{ConnectorError, Fault},
};

/// Takes prices.
///
/// Acceptance is not observation: a platform may take a price and show another.
/// Whoever pushes reads back with [`PriceTarget::observe`].
#[async_trait]
pub trait PriceTarget: Send + Sync {
    /// Most changes that one call of [`PriceTarget::push`] takes.
    fn batch_size(&self) -> usize;

    /// The prices that the store has now, for these listings, in their order;
    /// `None` for one that the store does not have.
    ///
    /// # Errors
    /// What the platform said.
    async fn observe(
        &self,
        listings: &[ListingRef],
    ) -> Result<Vec<Option<ObservedPrice>>, ConnectorError>;

    /// Sends price changes, at most [`PriceTarget::batch_size`]. A price that is
    /// not above zero, or finer than the currency's minor unit on the platform,
    /// is refused here and never sent.
    ///
    /// # Errors
    /// What the platform said to the call as a whole: nothing of it is known to
    /// be applied, and it may be sent again.
    async fn push(
        &self,
        changes: &[PriceChange],
        mode: PushMode,
    ) -> Result<PushAnswer, ConnectorError>;

    /// Asks how a push stands that the platform works on by itself.
    ///
    /// # Errors
    /// What the platform said; [`Fault::CheckpointLost`] where it no
    /// longer knows.
    async fn follow_up(&self, ticket: &Checkpoint) -> Result<PushAnswer, ConnectorError> {
        let _unused = ticket;
        Err(ConnectorError::new(
            Fault::CheckpointLost,
            "The store answers price changes at once; there is nothing to wait for.",
        ))
    }
}

/// A listing as the platform knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListingRef {
    /// The platform's id of the variant.
    pub external_id: String,
    /// The platform's id of its product.
    pub product_external_id: String,
    /// The stock keeping unit at the store.
    pub sku: Option<String>,
}

impl ListingRef {
    /// What went wrong with it.
    pub(crate) fn fault(
        &self,
        code: &'static str,
        message: impl Into<String>,
        class: FailureClass,
    ) -> ItemFault {
        ItemFault {
            external_id: Some(self.external_id.clone()),
            product_external_id: Some(self.product_external_id.clone()),
            label: self.sku.clone(),
            ..ItemFault::new(FailureKind::Price, code, message, class)
        }
    }

    /// The fault of one whose call failed as a whole.
    pub(crate) fn failed(&self, error: &ConnectorError) -> ItemFault {
        ItemFault {
            answer: error.answer.clone(),
            ..self.fault(
                error.fault.code(),
                error.message.clone(),
                error.fault.class(),
            )
        }
    }

    /// The fault of one that the platform's answer leaves out.
    pub(crate) fn unanswered(&self) -> ItemFault {
        self.fault(
            "not_answered",
            "The store's answer does not mention this price; whether it was taken shows when it is \
             read back.",
            FailureClass::Retryable,
        )
    }
}

/// Refuses a push that a platform cannot take as a whole: one that is only to be
/// tried, where the platform cannot do that, or one of more than `most` changes.
///
/// # Errors
/// [`Fault::Refused`].
pub(crate) fn admit(
    platform: &str,
    changes: &[PriceChange],
    most: usize,
    mode: PushMode,
) -> Result<(), ConnectorError> {
    let refuse = |message| Err(ConnectorError::new(Fault::Refused, message));
    if mode == PushMode::DryRun {
        return refuse(format!("{platform} cannot try a price without setting it."));
    }
    if changes.len() > most {
        return refuse(format!("At most {most} prices go out in one push."));
    }
    Ok(())
}

/// The answer to a push; a change that nothing is known of was not answered.
pub(crate) fn done(changes: &[PriceChange], outcomes: Vec<Option<PushOutcome>>) -> PushAnswer {
    let all = outcomes.into_iter().zip(changes).map(|(outcome, change)| {
        outcome.unwrap_or_else(|| PushOutcome::Refused(change.listing.unanswered()))
    });
    PushAnswer::Done(all.collect())
}

/// A price as the store has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservedPrice {
    /// What it costs; `None` where the store has no price.
    pub price: Option<Money>,
    /// The struck-through price.
    pub compare_at: Option<Money>,
}

/// A price that the store is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    /// Which listing.
    pub listing: ListingRef,
    /// What it is to cost, in the store's currency.
    pub price: Money,
    /// What becomes of the struck-through price.
    pub compare_at: CompareAt,
}

/// What becomes of the struck-through price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareAt {
    /// It stays as it is.
    Keep,
    /// It goes.
    Clear,
    /// It becomes this.
    Set(Money),
}

/// Whether a push takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushMode {
    /// The platform checks and changes nothing; only where it declares
    /// [`calibr_model::platform::Capability::DryRun`].
    DryRun,
    /// The platform changes its prices.
    Apply,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushAnswer {
    /// One outcome for each change, in their order.
    Done(Vec<PushOutcome>),
    /// The platform works on it; ask again with this, after the wait it asks for.
    UnderWay {
        /// What to ask with. Holds no secret.
        ticket: Checkpoint,
        /// How long to wait first.
        wait: std::time::Duration,
    },
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The platform took it; `note` is what it said beside.
    Accepted {
        /// A warning of the platform's, in words.
        note: Option<String>,
    },
    /// It did not.
    Refused(ItemFault),
}

impl PushOutcome {
    /// Notes with a refusal what was asked of the platform, already redacted.
    #[must_use]
    pub(crate) fn asked(self, request: impl FnOnce() -> String) -> Self {
        match self {
            Self::Refused(fault) => Self::Refused(ItemFault {
                request: Some(request()),
                ..fault
            }),
            accepted => accepted,
        }
    }
}
