//! Pushing prices, and what becomes of them.

use std::sync::Arc;

use calibr_connectors::{
    Store,
    prices::{PriceChange, PushAnswer, PushMode, PushOutcome},
};
use calibr_model::status::FailureClass;

pub(crate) const TAKEN: PushOutcome = PushOutcome::Accepted { note: None };

/// What became of changes that the store answers at once.
pub(crate) async fn pushed(store: &Arc<dyn Store>, changes: &[PriceChange]) -> Vec<PushOutcome> {
    let answer = store.prices().unwrap().push(changes, PushMode::Apply).await;
    match answer.unwrap() {
        PushAnswer::Done(outcomes) => outcomes,
        other => panic!("{other:?}"),
    }
}

/// Why a price was refused.
pub(crate) fn refusal(outcome: &PushOutcome) -> (&'static str, FailureClass) {
    match outcome {
        PushOutcome::Refused(fault) => (fault.code, fault.class),
        PushOutcome::Accepted { .. } => panic!("it was taken"),
    }
}
