//! The project's bounds for prices.

use calibr_model::{Guardrails, UserId};
use chrono::{DateTime, Utc};
use sqlx::FromRow;

use crate::{db::TenantTx, error::StoreError, rows::word};

impl TenantTx {
    /// The project's bounds for prices, by currency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn guardrails(&mut self) -> Result<Vec<Guardrails>, StoreError> {
        #[derive(FromRow)]
        struct Row {
            currency: String,
            floor_minor: Option<i64>,
            ceiling_minor: Option<i64>,
            max_change_bp: Option<i32>,
        }
        let project = self.project().0;
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT currency, floor_minor, ceiling_minor, max_change_bp FROM price_guardrails
             WHERE project_id = $1 ORDER BY currency",
        )
        .bind(project)
        .fetch_all(self.conn())
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Guardrails {
                    currency: word("currency", &row.currency)?,
                    floor_minor: row.floor_minor,
                    ceiling_minor: row.ceiling_minor,
                    max_change_bp: row
                        .max_change_bp
                        .and_then(|share| u32::try_from(share).ok()),
                })
            })
            .collect()
    }

    /// Sets the bounds of one currency; with none of them, it has no bounds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_guardrails(
        &mut self,
        bounds: &Guardrails,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let project = self.project().0;
        let currency = bounds.currency.code().to_owned();
        if *bounds == Guardrails::none(bounds.currency) {
            sqlx::query("DELETE FROM price_guardrails WHERE project_id = $1 AND currency = $2")
                .bind(project)
                .bind(currency)
                .execute(self.conn())
                .await?;
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO price_guardrails (project_id, currency, floor_minor, ceiling_minor,
                                           max_change_bp, updated_by, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (project_id, currency) DO UPDATE
             SET floor_minor = excluded.floor_minor, ceiling_minor = excluded.ceiling_minor,
                 max_change_bp = excluded.max_change_bp, updated_by = excluded.updated_by,
                 updated_at = excluded.updated_at",
        )
        .bind(project)
        .bind(currency)
        .bind(bounds.floor_minor)
        .bind(bounds.ceiling_minor)
        .bind(
            bounds
                .max_change_bp
                .and_then(|share| i32::try_from(share).ok()),
        )
        .bind(by.0)
        .bind(now)
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
