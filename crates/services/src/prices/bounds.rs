//! What prices must keep to before they are sent anywhere.

use calibr_model::{FieldError, Guardrails, Problem, Role};

use crate::{Actor, Services};

/// The project's bounds for prices, by currency.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn guardrails(services: &Services, actor: &Actor) -> Result<Vec<Guardrails>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    Ok(tx.guardrails().await?)
}

/// The project's bounds for prices in every currency that it sells in: those of a
/// currency nobody set bounds for have none.
///
/// # Errors
/// `unavailable` while the database is away.
pub async fn bounds(services: &Services, actor: &Actor) -> Result<Vec<Guardrails>, Problem> {
    let mut tx = services.db.tenant(actor.project.id).await?;
    let mut bounds = tx.guardrails().await?;
    for currency in tx.store_currencies().await? {
        if bounds.iter().all(|held| held.currency != currency) {
            bounds.push(Guardrails::none(currency));
        }
    }
    bounds.sort_by_key(|bounds| bounds.currency);
    Ok(bounds)
}

/// Sets the bounds of one currency; with none of them given, it has none.
///
/// # Errors
/// `forbidden` below admin; `invalid` where no price could keep to them.
pub async fn set_guardrails(
    services: &Services,
    actor: &Actor,
    bounds: Guardrails,
) -> Result<Vec<Guardrails>, Problem> {
    actor.must_be(Role::Admin, "set bounds for prices")?;
    bounds.validate().map_err(|(field, message)| {
        Problem::invalid(vec![FieldError {
            field: field.to_owned(),
            message,
        }])
    })?;
    let mut tx = services.db.tenant(actor.project.id).await?;
    tx.set_guardrails(&bounds, actor.user, services.sources.now())
        .await?;
    let all = tx.guardrails().await?;
    tx.commit().await?;
    Ok(all)
}
