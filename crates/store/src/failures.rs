//! Records that a run could not bring through.

mod failing;
mod read;

use std::collections::{HashMap, HashSet};

use calibr_model::status::FailureKind;

use self::failing::ItemKey;
use crate::{
    catalogue::{BatchContext, FailureInput},
    db::TenantTx,
    error::StoreError,
    rows::{as_i64, column},
};

/// So many failures of one code in a run, and the platform's words of further
/// ones are not kept: they are all alike.
const MOST_CAPTURED: i64 = 1_000;

impl TenantTx {
    /// The failures that this run has not noted yet, each record once for each
    /// thing that is wrong with it: a store sends a record twice, and a part of
    /// the stream is read again after a worker was lost.
    pub(crate) async fn new_failures<'f>(
        &mut self,
        context: &BatchContext<'_>,
        failures: impl Iterator<Item = &'f FailureInput>,
    ) -> Result<Vec<&'f FailureInput>, StoreError> {
        let project = self.project().0;
        let mut met = HashSet::new();
        let mut fresh: Vec<&FailureInput> = failures
            .filter(|failure| match &failure.external_id {
                Some(id) => met.insert((failure.kind, id.clone(), failure.code.clone())),
                None => true,
            })
            .collect();
        if met.is_empty() {
            return Ok(fresh);
        }
        let ids: Vec<&str> = met.iter().map(|(_, id, _)| id.as_str()).collect();
        let noted: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT kind, external_id, code FROM item_failures
             WHERE project_id = $1 AND run_id = $2 AND external_id = ANY ($3)",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(&ids)
        .fetch_all(self.conn())
        .await?;
        let noted: HashSet<(&str, &str, &str)> = noted
            .iter()
            .map(|(kind, id, code)| (kind.as_str(), id.as_str(), code.as_str()))
            .collect();
        fresh.retain(|failure| match &failure.external_id {
            Some(id) => !noted.contains(&(failure.kind.as_str(), id, failure.code.as_str())),
            None => true,
        });
        Ok(fresh)
    }

    /// Notes failures, numbered from `first`, and that these items fail.
    pub(crate) async fn insert_failures(
        &mut self,
        context: &BatchContext<'_>,
        failures: &[&FailureInput],
        first: i64,
    ) -> Result<(), StoreError> {
        if failures.is_empty() {
            return Ok(());
        }
        let times = self.note_failing(context, failures).await?;
        let enough = self.codes_with_enough(context, failures, first).await?;
        let project = self.project().0;
        let ids: Vec<i64> = (first..first + as_i64(failures.len())).collect();
        let attempts = |f: &&FailureInput| {
            let key = f.external_id.as_deref().map(|id| ItemKey::of(f.kind, id));
            key.and_then(|key| times.get(&key)).copied().unwrap_or(1)
        };
        let is_kept = |f: &&FailureInput| !enough.contains(&f.code);
        sqlx::query(
            "INSERT INTO item_failures (project_id, run_id, id, external_id, product_external_id,
                                        label, code, message, class, request, answer, attempts, at,
                                        kind)
             SELECT $1, $2, r.id, r.external_id, r.product_external_id, r.label, r.code, r.message,
                    r.class, r.request, r.answer, r.attempts, $3, r.kind
             FROM UNNEST($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                         $10::text[], $11::text[], $12::text[], $13::integer[], $14::text[])
                  AS r (id, external_id, product_external_id, label, code, message, class, request,
                        answer, attempts, kind)",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(context.sources.now())
        .bind(ids)
        .bind(column(failures, |f| f.external_id.as_deref()))
        .bind(column(failures, |f| f.product_external_id.as_deref()))
        .bind(column(failures, |f| f.label.as_deref()))
        .bind(column(failures, |f| f.code.as_str()))
        .bind(column(failures, |f| f.message.as_str()))
        .bind(column(failures, |f| f.class.as_str()))
        .bind(column(failures, |f| {
            f.request.as_deref().filter(|_| is_kept(f))
        }))
        .bind(column(failures, |f| {
            f.answer.as_deref().filter(|_| is_kept(f))
        }))
        .bind(column(failures, attempts))
        .bind(column(failures, |f| f.kind.as_str()))
        .execute(self.conn())
        .await?;
        Ok(())
    }

    /// The codes of which this run has noted so many failures that one more tells
    /// nothing new.
    async fn codes_with_enough(
        &mut self,
        context: &BatchContext<'_>,
        failures: &[&FailureInput],
        noted: i64,
    ) -> Result<HashSet<String>, StoreError> {
        if noted < MOST_CAPTURED {
            return Ok(HashSet::new());
        }
        let project = self.project().0;
        let codes: HashSet<&str> = failures.iter().map(|f| f.code.as_str()).collect();
        let enough: Vec<String> = sqlx::query_scalar(
            "SELECT wanted.code FROM UNNEST($3::text[]) AS wanted (code)
             WHERE EXISTS (SELECT FROM item_failures f
                           WHERE f.project_id = $1 AND f.run_id = $2 AND f.code = wanted.code
                           ORDER BY f.id OFFSET $4)",
        )
        .bind(project)
        .bind(context.run.0)
        .bind(codes.into_iter().collect::<Vec<_>>())
        .bind(MOST_CAPTURED - 1)
        .fetch_all(self.conn())
        .await?;
        Ok(enough.into_iter().collect())
    }
}

/// Numbers of items, by kind and external id.
type ByItem = HashMap<ItemKey, i32>;

/// Kinds of records that the catalogue is made of.
pub(crate) const CATALOGUE_KINDS: &[&str] =
    &[FailureKind::Listing.as_str(), FailureKind::Product.as_str()];
