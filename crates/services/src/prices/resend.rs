//! Calibr's prices for stores that have others: the same rules as for any price.

use calibr_model::Problem;
use calibr_store::{
    TenantTx,
    conflicts::OursToSend,
    prices::{CompareAtMinor, PushItem},
};

use super::{
    fill::Stores,
    judge::{Rules, left_out},
};
use crate::Services;

/// Judges what is to be sent so that Calibr's value stands; in the same order.
///
/// # Errors
/// `unavailable` while the database is away.
pub(crate) async fn judge_ours(
    services: &Services,
    tx: &mut TenantTx,
    ours: &[OursToSend],
) -> Result<Vec<PushItem>, Problem> {
    let rules = Rules::new(tx.guardrails().await?);
    let stores = Stores::read(services, tx).await?;
    let judge = |one: &OursToSend| {
        let item = rules.judge_ours(one);
        let store = one.listing.integration;
        let no_compare_at = match one.compare_at {
            CompareAtMinor::Set(_) => stores.no_compare_at.get(&store),
            CompareAtMinor::Keep | CompareAtMinor::Clear => None,
        };
        match stores.no_price.get(&store).or(no_compare_at) {
            Some(refusal) => left_out(item, refusal.clone()),
            None => item,
        }
    };
    Ok(ours.iter().map(judge).collect())
}
