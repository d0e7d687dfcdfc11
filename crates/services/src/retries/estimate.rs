//! What a run would cost, in words and figures.

use calibr_connectors::{CatalogueWork, OrderWork, Size, Workload};
use calibr_model::{Problem, platform::Capability, status::RunType, views::SyncPlanView};
use calibr_store::{TenantTx, integrations::IntegrationRecord, runs::RetryCounts};

use super::Decision;
use crate::Services;

pub(super) async fn view(
    services: &Services,
    tx: &mut TenantTx,
    integration: &IntegrationRecord,
    decision: Decision,
) -> Result<SyncPlanView, Problem> {
    let connector = services.connector(&integration.platform)?;
    let has_orders = connector.info().can(Capability::Orders);
    let (r#type, counts, why, possible) = match decision {
        Decision::Items { counts, .. } => (RunType::Retry, counts, None, true),
        Decision::Run {
            r#type,
            counts,
            why,
        } => (r#type, counts, why, true),
        Decision::Nothing { counts, why } => (RunType::Retry, counts, Some(why), false),
    };
    let work = if possible {
        workload(services, tx, integration, r#type, &counts, has_orders).await?
    } else {
        Workload::default()
    };
    let estimate = connector.estimate(&work);
    let items = (r#type == RunType::Retry).then(|| counts.by_id());
    let mut notes: Vec<String> = why.into_iter().collect();
    notes.extend(remarks(r#type, &counts));
    Ok(SyncPlanView {
        r#type,
        calls: if possible { whole(estimate.calls) } else { 0 },
        at_least_seconds: if possible {
            whole(estimate.at_least.as_secs_f64().ceil() as u64)
        } else {
            0
        },
        how: if possible {
            estimate.how
        } else {
            String::new()
        },
        items,
        skipped: counts.skipped,
        parked: counts.parked,
        prices: counts.prices,
        notes,
        possible,
    })
}

async fn workload(
    services: &Services,
    tx: &mut TenantTx,
    integration: &IntegrationRecord,
    r#type: RunType,
    counts: &RetryCounts,
    has_orders: bool,
) -> Result<Workload, Problem> {
    let last = tx.last_changes(integration.id).await?;
    let reads = r#type.reads_changes();
    let sends = services.webhooks.sends(&integration.platform);
    Ok(Workload {
        catalogue: match r#type {
            RunType::Prices => CatalogueWork::Nothing,
            RunType::Full => {
                let size = tx.catalogue_size(integration.id).await?;
                CatalogueWork::Full(Size {
                    listings: number(size.listings),
                    products: number(size.products),
                    with_variants: number(size.with_variants),
                })
            }
            RunType::Incremental => {
                let size = tx.catalogue_size(integration.id).await?;
                // What changed is made up like the whole.
                let share = |of: i64| match number(size.listings) {
                    0 => number(last.items),
                    all => (number(last.items) * number(of)).div_ceil(all),
                };
                CatalogueWork::Changed(Size {
                    listings: number(last.items),
                    products: share(size.products),
                    with_variants: share(size.with_variants),
                })
            }
            RunType::Retry if counts.listings + counts.products == 0 => CatalogueWork::Nothing,
            RunType::Retry => CatalogueWork::Items(Size {
                listings: number(counts.listings),
                products: number(counts.products),
                with_variants: number(counts.products_of_listings),
            }),
        },
        orders: match r#type {
            _ if !has_orders => OrderWork::Nothing,
            RunType::Retry if counts.orders > 0 => OrderWork::Items(number(counts.orders)),
            _ if reads => OrderWork::Changed(number(last.orders)),
            _ => OrderWork::Nothing,
        },
        prices: number(tx.waiting_prices(integration.id).await?),
        webhooks: reads && sends && services.webhooks.reached_at.is_some(),
    })
}

/// What of a retry a person should know before it starts.
fn remarks(r#type: RunType, counts: &RetryCounts) -> Vec<String> {
    let mut remarks = Vec::new();
    if r#type == RunType::Retry && counts.unnamed + counts.unnamed_orders > 0 {
        let unnamed = counts.unnamed + counts.unnamed_orders;
        remarks.push(format!(
            "{} no id that could be read: only a full sync brings what {} of.",
            if unnamed == 1 {
                "1 record has".to_owned()
            } else {
                format!("{unnamed} records have")
            },
            if unnamed == 1 { "it is" } else { "they are" },
        ));
    }
    if counts.prices > 0 {
        remarks.push(format!(
            "{} not taken: preview {} again, so that nothing is sent blindly.",
            if counts.prices == 1 {
                "1 price was".to_owned()
            } else {
                format!("{} prices were", counts.prices)
            },
            if counts.prices == 1 { "it" } else { "them" },
        ));
    }
    remarks
}

fn number(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
