//! Records that a run could not bring through.

use std::collections::HashSet;

use calibr_model::status::FailureKind;

use crate::{
    catalogue::{BatchContext, FailureInput},
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
};

impl TenantTx {
    /// The failures that this run has not noted yet, each record once for each
    /// thing that is wrong with it: a store sends a record twice, and a part of
    /// the stream is read again after a worker was lost.
    pub(crate) async fn new_failures<'f>(
        &mut self,
        context: &BatchContext<'_>,
        kind: FailureKind,
        failures: impl Iterator<Item = &'f FailureInput>,
    ) -> Result<Vec<&'f FailureInput>, StoreError> {
        let project = self.project().0;
        let mut met = HashSet::new();
        let mut fresh: Vec<&FailureInput> = failures
            .filter(|failure| match &failure.external_id {
                Some(id) => met.insert((id.clone(), failure.code.clone())),
                None => true,
            })
            .collect();
        if met.is_empty() {
            return Ok(fresh);
        }
        let ids: Vec<&str> = met.iter().map(|(id, _)| id.as_str()).collect();
        let noted: Vec<(String, String)> = sqlx::query_as(
            "SELECT external_id, code FROM item_failures
             WHERE project_id = $1 AND run_id = $2 AND external_id = ANY ($3) AND kind = $4",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(&ids)
        .bind(kind.as_str())
        .fetch_all(self.conn())
        .await?;
        let noted: HashSet<(String, String)> = noted.into_iter().collect();
        fresh.retain(|failure| match &failure.external_id {
            Some(id) => !noted.contains(&(id.clone(), failure.code.clone())),
            None => true,
        });
        Ok(fresh)
    }

    /// Notes failures, numbered from `first`.
    pub(crate) async fn insert_failures(
        &mut self,
        context: &BatchContext<'_>,
        kind: FailureKind,
        failures: &[&FailureInput],
        first: i64,
    ) -> Result<(), StoreError> {
        if failures.is_empty() {
            return Ok(());
        }
        let project = self.project().0;
        let ids: Vec<i64> = (first..first + as_i64(failures.len())).collect();
        sqlx::query(
            "INSERT INTO item_failures (project_id, run_id, id, external_id, label, code, message,
                                        class, answer, at, kind)
             SELECT $1, $2, r.id, r.external_id, r.label, r.code, r.message, r.class, r.answer, $3,
                    $11
             FROM UNNEST($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[])
                  AS r (id, external_id, label, code, message, class, answer)",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.sources.now())
        .bind(ids)
        .bind(column(failures, |f| f.external_id.as_deref()))
        .bind(column(failures, |f| f.label.as_deref()))
        .bind(column(failures, |f| f.code.as_str()))
        .bind(column(failures, |f| f.message.as_str()))
        .bind(column(failures, |f| f.class.as_str()))
        .bind(column(failures, |f| f.answer.as_deref()))
        .bind(kind.as_str())
        .execute(self.conn())
        .await?;
        Ok(())
    }
}
